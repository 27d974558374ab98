import Web

/// Pieces that are set aside for one order under a key of the caller's.
struct Reservation {
    enum Status: String {
        case held
        case committed
        /// Given up by the caller, or a tombstone of a key that was never reserved.
        case released
        /// Its time ran out and the pieces went back.
        case expired
    }

    struct Item: Hashable {
        let sku: String
        let quantity: Int64

        var json: JSON { ["sku": .string(sku), "quantity": JSON(quantity)] }
    }

    let id: String
    let key: String
    let orderReference: String?
    let items: [Item]
    let createdAt: Instant
    var status: Status
    var expiresAt: Instant?

    var json: JSON {
        [
            "id": .string(id),
            "key": .string(key),
            "orderReference": JSON(orderReference),
            "status": .string(status.rawValue),
            "items": .array(items.map(\.json)),
            "createdAt": .string(createdAt.rfc3339),
            "expiresAt": JSON(expiresAt?.rfc3339),
        ]
    }
}

/// Why product-service does not do what is asked of a reservation.
enum ReservationError: Error {
    case outOfStock([Shortage])
    case otherItems
    case unknownKey
    /// The reservation ended before, in this state.
    case ended(Reservation.Status)

    struct Shortage: Equatable {
        let sku: String
        let requested: Int64
        let available: Int64
    }

    var response: Response {
        switch self {
        case .outOfStock(let shortages):
            let items = shortages.map { shortage in
                JSON.object([
                    ("sku", .string(shortage.sku)),
                    ("requested", JSON(shortage.requested)),
                    ("available", JSON(shortage.available)),
                ])
            }
            return Self.response(
                .conflict,
                "out_of_stock",
                "Not enough pieces are left.",
                [("items", .array(items))]
            )
        case .otherItems:
            return Self.response(
                .unprocessableContent,
                "key_reused",
                "The key was used for a reservation of other items."
            )
        case .unknownKey:
            return Self.response(.notFound, "not_found", "No reservation has this key.")
        case .ended(let status):
            return Self.response(
                .conflict,
                status.rawValue,
                "The reservation is \(status.rawValue)."
            )
        }
    }

    private static func response(
        _ status: Status,
        _ code: String,
        _ message: String,
        _ more: [(name: String, value: JSON)] = []
    ) -> Response {
        let members = [("code", .string(code)), ("message", .string(message))] + more
        return .json(status, JSON.object(members).serialized())
    }
}

/// All reservations by key, and the rules of their lives.
///
/// | from      | reserve again   | extend | commit   | release    | time runs out |
/// |-----------|-----------------|--------|----------|------------|---------------|
/// | (unknown) | held            | 404    | 404      | tombstone  |               |
/// | held      | the same answer | held   | committed| released   | expired       |
/// | committed | the same answer | 409    | the same | 409        |               |
/// | released  | 409             | 409    | 409      | the same   |               |
/// | expired   | 409             | 409    | 409      | released   |               |
struct ReservationBook {
    private(set) var reservations: [String: Reservation] = [:]
    private(set) var order: [String] = []
    private var held: Set<String> = []
    /// No held reservation ends before it; spares most look-ups a walk over all of them.
    private var earliestExpiry: Instant?

    subscript(_ key: String) -> Reservation? { reservations[key] }

    var all: [Reservation] { order.compactMap { reservations[$0] } }

    private mutating func keep(_ reservation: Reservation) {
        if reservations.updateValue(reservation, forKey: reservation.key) == nil {
            order.append(reservation.key)
        }
        if reservation.status == .held {
            held.insert(reservation.key)
            earliestExpiry = [earliestExpiry, reservation.expiresAt].compactMap { $0 }.min()
        } else {
            held.remove(reservation.key)
        }
    }

    /// Sets pieces aside; the same key with the same items gets the same reservation.
    mutating func reserve(
        key: String,
        orderReference: String?,
        items: [Reservation.Item],
        at now: Instant,
        until expiry: Instant,
        _ catalogue: inout Catalogue,
        _ random: inout RandomSource
    ) throws(ReservationError) -> Reservation {
        if let known = reservations[key] {
            guard known.status == .held || known.status == .committed else {
                throw .ended(known.status)
            }
            guard Set(known.items) == Set(items), known.items.count == items.count else {
                throw .otherItems
            }
            return known
        }
        var wanted: [String: Int64] = [:]
        for item in items { wanted[item.sku, default: 0] += item.quantity }
        let shortages = wanted.sorted { $0.key < $1.key }.compactMap { sku, requested in
            let available = max(0, catalogue[sku]?.stock ?? 0)
            return available < requested
                ? ReservationError.Shortage(sku: sku, requested: requested, available: available)
                : nil
        }
        guard shortages.isEmpty else { throw .outOfStock(shortages) }
        for (sku, quantity) in wanted { catalogue.change(sku, by: -quantity) }
        let reservation = Reservation(
            id: random.id("rsv"),
            key: key,
            orderReference: orderReference,
            items: items,
            createdAt: now,
            status: .held,
            expiresAt: expiry
        )
        keep(reservation)
        return reservation
    }

    mutating func extend(
        _ key: String,
        until expiry: Instant
    ) throws(ReservationError) -> Reservation {
        guard var reservation = reservations[key] else { throw .unknownKey }
        guard reservation.status == .held else { throw .ended(reservation.status) }
        reservation.expiresAt = expiry
        keep(reservation)
        return reservation
    }

    mutating func commit(_ key: String) throws(ReservationError) -> Reservation {
        guard var reservation = reservations[key] else { throw .unknownKey }
        if reservation.status == .committed { return reservation }
        guard reservation.status == .held else { throw .ended(reservation.status) }
        reservation.status = .committed
        reservation.expiresAt = nil
        keep(reservation)
        return reservation
    }

    /// Gives pieces back; of a key that was never reserved a tombstone is kept, so that a reserve
    /// that was on its way meets a refusal.
    mutating func release(
        _ key: String,
        at now: Instant,
        _ catalogue: inout Catalogue,
        _ random: inout RandomSource
    ) throws(ReservationError) -> Reservation {
        var reservation =
            reservations[key]
            ?? Reservation(
                id: random.id("rsv"),
                key: key,
                orderReference: nil,
                items: [],
                createdAt: now,
                status: .released,
                expiresAt: nil
            )
        guard reservation.status != .committed else { throw .ended(.committed) }
        if reservation.status == .held { giveBack(reservation, &catalogue) }
        reservation.status = .released
        reservation.expiresAt = nil
        keep(reservation)
        return reservation
    }

    /// Ends what has not been extended or committed in time.
    mutating func expire(by now: Instant, _ catalogue: inout Catalogue) {
        guard let earliestExpiry, earliestExpiry <= now else { return }
        for key in held {
            guard var reservation = reservations[key], let expiry = reservation.expiresAt,
                expiry <= now
            else { continue }
            giveBack(reservation, &catalogue)
            reservation.status = .expired
            keep(reservation)
        }
        self.earliestExpiry = held.compactMap { reservations[$0]?.expiresAt }.min()
    }

    private func giveBack(_ reservation: Reservation, _ catalogue: inout Catalogue) {
        for item in reservation.items { catalogue.change(item.sku, by: item.quantity) }
    }

    /// A page of the reservations in a state that were made in a stretch of time, in the order of
    /// their making; those alone that come after the key `after`.
    func page(
        _ status: Reservation.Status?,
        made times: Range<Int64>,
        after: String?,
        limit: Int
    ) -> (items: [Reservation], hasMore: Bool) {
        let start = after.flatMap { order.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
        let found = order[start...].lazy.compactMap { reservations[$0] }
            .filter { reservation in
                (status == nil || reservation.status == status)
                    && times.contains(reservation.createdAt.seconds)
            }
            .prefix(limit + 1)
        let items = Array(found)
        return (Array(items.prefix(limit)), items.count > limit)
    }
}
