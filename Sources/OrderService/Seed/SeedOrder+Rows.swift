import Commerce
import MariaDB
import Resilience

extension SeedOrder {
    /// Everything that the database holds of the order, parents before children.
    var rows: [SeedRow] {
        var rows = [SeedRow(table: .orders, values: orderRow)]
        rows += purchase.lines.enumerated().map { index, line in
            SeedRow(table: .lines, values: lineRow(line, position: index + 1))
        }
        if let payment {
            rows.append(SeedRow(table: .payments, values: row(of: payment)))
            rows += attempts.map {
                SeedRow(table: .attempts, values: attemptRow($0, of: payment))
            }
            if payment.refunded > 0 {
                rows.append(SeedRow(table: .refunds, values: refundRow(of: payment)))
            }
        }
        rows.append(SeedRow(table: .reservations, values: reservationRow))
        if !shipment.events.isEmpty {
            rows.append(SeedRow(table: .shipments, values: shipmentRow))
            rows += shipment.events.map { event, at in
                SeedRow(
                    table: .shipmentEvents,
                    values: [
                        shipment.id.sqlValue, event.rawValue.sqlValue, at.sqlValue,
                    ]
                )
            }
        }
        return rows + entries.map { SeedRow(table: .events, values: row(of: $0)) }
    }

    private var currency: SQLValue { purchase.totals.total.currency.rawValue.sqlValue }

    private var orderRow: [SQLValue] {
        let paymentStatus = payment?.status ?? .noneRequired
        let person = purchase.person
        return [
            purchase.id.sqlValue,
            purchase.number.description.sqlValue,
            purchase.checkoutSessionID.sqlValue,
            person.userID.sqlValue,
            purchase.userSeq.sqlValue,
            person.email.sqlValue,
            person.name.sqlValue,
            person.phone.sqlValue,
            person.billing.sqlValue,
            person.shipping.sqlValue,
            purchase.shipping.id.sqlValue,
            story.method.rawValue.sqlValue,
            status.rawValue.sqlValue,
            paymentStatus.rawValue.sqlValue,
            currency,
            purchase.totals.items.minor.sqlValue,
            purchase.totals.shipping.minor.sqlValue,
            purchase.totals.total.minor.sqlValue,
            purchase.lines.reduce(0) { $0 + $1.quantity }.sqlValue,
            story.isOptimistic.sqlValue,
            version.sqlValue,
            purchase.placedAt.sqlValue,
            updatedAt.sqlValue,
            purchase.placedAt.sqlValue,
            expiresAt.sqlValue,
        ]
    }

    private func lineRow(_ line: Line, position: Int) -> [SQLValue] {
        [
            purchase.id.sqlValue,
            position.sqlValue,
            line.sku.sqlValue,
            line.name.sqlValue,
            line.quantity.sqlValue,
            line.unitPrice.minor.sqlValue,
            line.vatRate.percent.sqlValue,
            line.total.minor.sqlValue,
            line.vat.minor.sqlValue,
            line.total.currency.rawValue.sqlValue,
        ]
    }

    private func row(of payment: Payment) -> [SQLValue] {
        let isCard = story.method == .card
        let capture = isCard ? (story.capturesLater ? "manual" : "automatic") : "none"
        return [
            payment.id.sqlValue,
            payment.publicID.sqlValue,
            purchase.id.sqlValue,
            (payment.hasIntent ? payment.intentID : nil).sqlValue,
            (isCard ? "create-\(payment.publicID)" : nil).sqlValue,
            capture.sqlValue,
            payment.status.rawValue.sqlValue,
            purchase.totals.total.minor.sqlValue,
            payment.captured.sqlValue,
            payment.refunded.sqlValue,
            payment.refunded.sqlValue,
            currency,
            payment.reviewReason.sqlValue,
            payment.failedStarts.sqlValue,
            payment.version.sqlValue,
            purchase.placedAt.sqlValue,
            payment.updatedAt.sqlValue,
            payment.completedAt.sqlValue,
            (payment.hasIntent ? paymentExpiresAt : nil).sqlValue,
        ]
    }

    /// What was given back, as one refund; cash went back by hand.
    private func refundRow(of payment: Payment) -> [SQLValue] {
        let name = payment.publicID.dropFirst("pay_".count)
        let isCard = story.method == .card
        return [
            purchase.id.sqlValue,
            "ref_\(name)".sqlValue,
            purchase.id.sqlValue,
            payment.id.sqlValue,
            payment.refunded.sqlValue,
            currency,
            "demo".sqlValue,
            RefundStatus.succeeded.rawValue.sqlValue,
            (isCard ? "re_\(name)" : nil).sqlValue,
            "refund-ref_\(name)".sqlValue,
            "staff:demo".sqlValue,
            (isCard ? 1 : 0).sqlValue,
            payment.updatedAt.sqlValue,
            payment.updatedAt.sqlValue,
            payment.updatedAt.sqlValue,
        ]
    }

    private func attemptRow(_ attempt: Attempt, of payment: Payment) -> [SQLValue] {
        [
            payment.id.sqlValue,
            attempt.chargeID.sqlValue,
            (attempt.decline == nil ? "succeeded" : "failed").sqlValue,
            purchase.totals.total.minor.sqlValue,
            currency,
            attempt.decline.sqlValue,
            attempt.at.sqlValue,
        ]
    }

    private var reservationRow: [SQLValue] {
        [
            purchase.id.sqlValue,
            ReservationStore.key(of: purchase.id).description.sqlValue,
            reservation.rawValue.sqlValue,
            story.isOptimistic.sqlValue,
            reservationExpiry.sqlValue,
            reservationVersion.sqlValue,
            purchase.placedAt.sqlValue,
            reservationUpdatedAt.sqlValue,
        ]
    }

    private var shipmentRow: [SQLValue] {
        let isSent = shipment.events.contains { $0.event == .ship }
        return [
            shipment.id.sqlValue,
            purchase.id.sqlValue,
            (isSent ? shipment.carrier : nil).sqlValue,
            (isSent && shipment.carrier != nil ? shipment.trackingNumber : nil).sqlValue,
            shipment.status.sqlValue,
            (shipment.events.first?.at).sqlValue,
            (shipment.events.last?.at).sqlValue,
        ]
    }

    private func row(of entry: Entry) -> [SQLValue] {
        [
            purchase.id.sqlValue,
            entry.version.sqlValue,
            entry.kind.sqlValue,
            entry.actor.sqlValue,
            entry.cause.sqlValue,
            entry.isPublic.sqlValue,
            entry.at.sqlValue,
        ]
    }
}

extension SeedStory {
    /// Whether the money was authorized first, as for stock that is assumed and for reviews.
    fileprivate var capturesLater: Bool {
        steps.contains { step in
            step.acts.contains { act in
                if case .payment(.authorize, _) = act { true } else { false }
            }
        }
    }
}
