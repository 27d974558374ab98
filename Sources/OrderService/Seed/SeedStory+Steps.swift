import Commerce

/// The steps that many stories have in common, and units of their times in seconds.
extension SeedStory {
    static let minute: Int64 = 60
    static let hour: Int64 = 3_600
    static let day: Int64 = 86_400

    static let placed = [Step(0...0, .buyer)]
    static let placedOnDelivery = [
        Step(0...0, .buyer, .move(.confirm, cause: PaymentStatus.dueOnDelivery.rawValue)),
        committed,
    ]
    static let placedFree = [
        Step(0...0, .buyer, .move(.confirm, cause: PaymentStatus.noneRequired.rawValue)),
        committed,
    ]
    static let asked = [Step(1...2, .stripe, .payment(.requireMethod))]
    static let declined = [
        Step(20...5 * minute, .stripe, .charge(decline: "insufficient_funds"))
    ]
    static let paid = [
        Step(
            20...10 * minute,
            .stripe,
            .charge(),
            .capture(percent: 100),
            .payment(.pay),
            .move(.confirm)
        ),
        committed,
    ]
    static let authorized = [
        Step(20...10 * minute, .stripe, .charge(), .payment(.authorize))
    ]
    static let committed = Step(1...3, .worker, .reservation(.commit))
    static let released = [Step(1...5, .worker, .reservation(.release))]

    static let warehouse = Actor.staff("service-1")
    static let started = [Step(2 * hour...20 * hour, warehouse, .fulfil(.start))]
    static let shipped =
        started + [Step(hour...30 * hour, warehouse, .fulfil(.ship))]
    static let delivered =
        shipped + [Step(18 * hour...3 * day, warehouse, .fulfil(.deliver))]
    static let deliveredForCash =
        shipped + [
            Step(
                18 * hour...3 * day,
                warehouse,
                .fulfil(.deliver),
                .capture(percent: 100),
                .payment(.collectCash, cause: "paid on delivery")
            )
        ]
}
