import Commerce
import MariaDB
import Web

/// The JSON forms of an order and of what belongs to it.
enum OrderRepresentation {
    static func summary(_ order: Order) -> JSON { summary(order.summary) }

    static func summary(_ order: OrderSummary) -> JSON {
        [
            "id": .integer(order.id),
            "orderNumber": .string(order.number),
            "status": .string(order.status.rawValue),
            "paymentStatus": .string(order.paymentStatus.rawValue),
            "total": order.total.json,
            "createdAt": .string(order.createdAt.rfc3339),
            "updatedAt": .string(order.updatedAt.rfc3339),
            "itemCount": JSON(order.itemCount),
            "customerIdentifier": .string(order.customerIdentifier),
            "version": .integer(order.version),
        ]
    }

    /// A summary as the cache keeps it, with what answers about many orders take of it.
    static func summaryEntry(_ order: OrderSummary) -> CacheEntry {
        let state: JSON = [
            "orderId": .integer(order.id),
            "status": .string(order.status.rawValue),
            "paymentStatus": .string(order.paymentStatus.rawValue),
            "lastUpdated": .string(order.updatedAt.rfc3339),
        ]
        return CacheEntry(
            version: order.version,
            owner: order.userID,
            fragment: state.serialized(),
            body: summary(order).serialized()
        )
    }

    static func items(_ order: Order, _ lines: [Line]) -> JSON {
        [
            "orderId": .integer(order.id),
            "items": .array(lines.map(line)),
            "itemsTotal": order.items.json,
            "shipping": order.shipping.json,
            "total": order.total.json,
        ]
    }

    static func line(_ line: Line) -> JSON {
        [
            "sku": .string(line.sku),
            "name": .string(line.name),
            "quantity": JSON(line.quantity),
            "unitPrice": line.unitPrice.json,
            "vatRate": JSON(line.vatRate.percent),
            "vat": line.vat.json,
            "total": line.total.json,
        ]
    }

    static func tracking(_ found: OrderStore.Tracking) -> JSON {
        let shipment = found.shipment
        let events = (shipment?.events ?? []).map { event -> JSON in
            ["event": .string(event.event), "at": .string(event.at.rfc3339)]
        }
        return [
            "orderId": .integer(found.order.id),
            "status": .string(shipment?.status ?? "none"),
            "carrier": JSON(shipment?.carrier),
            "trackingNumber": JSON(shipment?.trackingNumber),
            "events": .array(events),
        ]
    }

    static func events(_ order: Order, _ events: [OrderEventRecord], isStaff: Bool) -> JSON {
        let items = events.map { event -> JSON in
            var members: [(name: String, value: JSON)] = [
                ("at", .string(event.occurredAt.rfc3339)),
                ("event", .string(event.kind)),
            ]
            if isStaff {
                members.append(("actor", .string(event.actor)))
                members.append(("cause", JSON(event.cause)))
                members.append(("version", .integer(event.orderVersion)))
            }
            return .object(members)
        }
        return ["orderId": .integer(order.id), "items": .array(items)]
    }

    static func page(_ items: [JSON], page: Int, size: Int, total: Int64) -> JSON {
        [
            "items": .array(items),
            "page": JSON(page),
            "size": JSON(size),
            "totalItems": .integer(total),
            "totalPages": .integer((total + Int64(size) - 1) / Int64(size)),
        ]
    }
}
