import Commerce

/// What becomes of an order of the demo data, from its placing to where it stands now.
///
/// The states are not written down: they follow from the acts by the rules of `Commerce`.
struct SeedStory: Sendable {
    /// How long ago an order of this story was placed.
    enum Age: Int, Sendable, CaseIterable {
        /// Within the last two days.
        case recent
        /// Within the last eight.
        case underWay
        case old
    }

    /// One thing that happens to an order or to what belongs to it.
    enum Act: Sendable {
        case move(OrderEvent, cause: String? = nil)
        case payment(PaymentStatus, cause: String? = nil)
        /// Stripe did not answer when the intent was to be made.
        case startFails
        /// A charge at Stripe, declined with this code or else accepted.
        case charge(decline: String? = nil)
        /// So much of the amount is taken, in percent.
        case capture(percent: Int64)
        /// So much of what was taken goes back, in percent.
        case refund(percent: Int64)
        /// A difference that a person has to look at.
        case flag(String)
        case reservation(ReservationStatus)
        case fulfil(FulfilmentEvent)
    }

    /// Acts of one change of the order, and how many seconds after the last one they come.
    struct Step: Sendable {
        let after: ClosedRange<Int64>
        let actor: Actor
        let acts: [Act]

        init(_ after: ClosedRange<Int64>, _ actor: Actor, _ acts: Act...) {
            self.after = after
            self.actor = actor
            self.acts = acts
        }
    }

    enum Actor: Sendable {
        case buyer
        case stripe
        case worker
        case staff(String)
    }

    let method: PaymentMethod
    /// Whether nothing is to be paid.
    let isFree: Bool
    /// Whether stock was assumed, because product-service did not answer.
    let isOptimistic: Bool
    /// How often in each age, `Age`'s order; together with the others' 1,000 or so.
    let weights: [Int]
    let steps: [Step]

    private init(
        _ method: PaymentMethod,
        _ weights: [Int],
        isFree: Bool = false,
        isOptimistic: Bool = false,
        _ steps: [Step]...
    ) {
        self.method = method
        self.weights = weights
        self.isFree = isFree
        self.isOptimistic = isOptimistic
        self.steps = steps.flatMap(\.self)
    }

    /// The age in which the story is most common.
    var home: Age {
        Age.allCases.max { weights[$0.rawValue] < weights[$1.rawValue] } ?? .old
    }
}

extension SeedStory {
    static let all = waiting + reviewed + goingWell + ended + givenBack

    private static let minute: Int64 = 60
    private static let hour: Int64 = 3_600
    private static let day: Int64 = 86_400

    // MARK: Steps in common

    private static let placed = [Step(0...0, .buyer)]
    private static let placedOnDelivery = [
        Step(0...0, .buyer, .move(.confirm, cause: PaymentStatus.dueOnDelivery.rawValue)),
        committed,
    ]
    private static let placedFree = [
        Step(0...0, .buyer, .move(.confirm, cause: PaymentStatus.noneRequired.rawValue)),
        committed,
    ]
    private static let asked = [Step(1...2, .stripe, .payment(.requiresPaymentMethod))]
    private static let declined = [
        Step(20...5 * minute, .stripe, .charge(decline: "insufficient_funds"))
    ]
    private static let paid = [
        Step(
            20...10 * minute,
            .stripe,
            .charge(),
            .capture(percent: 100),
            .payment(.paid),
            .move(.confirm)
        ),
        committed,
    ]
    private static let authorized = [
        Step(20...10 * minute, .stripe, .charge(), .payment(.authorized))
    ]
    private static let committed = Step(1...3, .worker, .reservation(.committed))
    private static let released = [Step(1...5, .worker, .reservation(.released))]

    private static let warehouse = Actor.staff("service-1")
    private static let started = [Step(2 * hour...20 * hour, warehouse, .fulfil(.start))]
    private static let shipped =
        started + [Step(hour...30 * hour, warehouse, .fulfil(.ship))]
    private static let delivered =
        shipped + [Step(18 * hour...3 * day, warehouse, .fulfil(.deliver))]
    private static let deliveredForCash =
        shipped + [
            Step(
                18 * hour...3 * day,
                warehouse,
                .fulfil(.deliver),
                .capture(percent: 100),
                .payment(.paid, cause: "paid on delivery")
            )
        ]

    // MARK: The stories

    /// The customer has to do something, or Stripe.
    private static let waiting = [
        SeedStory(.card, [25, 0, 0], placed, asked),
        SeedStory(.card, [15, 0, 0], placed, asked, declined),
        SeedStory(
            .card,
            [12, 0, 0],
            placed,
            asked,
            [Step(20...10 * minute, .stripe, .payment(.requiresAction))]
        ),
        SeedStory(
            .card,
            [12, 0, 0],
            placed,
            asked,
            [Step(20...10 * minute, .stripe, .payment(.processing))]
        ),
        SeedStory(.card, [8, 0, 0], placed, [Step(6...9, .stripe, .startFails)]),
        SeedStory(
            .card,
            [6, 0, 0],
            placed,
            [Step(6...9, .stripe, .startFails, .payment(.unknown))]
        ),
    ]

    /// Somebody of the staff has to decide.
    private static let reviewed = [
        SeedStory(
            .card,
            [8, 2, 0],
            placed,
            asked,
            authorized,
            [Step(1...30, .worker, .move(.reviewPayment, cause: "risk level elevated"))]
        ),
        SeedStory(
            .card,
            [6, 2, 0],
            placed,
            asked,
            [
                Step(
                    20...10 * minute,
                    .stripe,
                    .charge(),
                    .capture(percent: 110),
                    .flag("amount_exceeds"),
                    .payment(.overpaid, cause: "amount_exceeds"),
                    .move(.reviewPayment, cause: "amount_exceeds")
                )
            ]
        ),
        SeedStory(
            .card,
            [6, 2, 0],
            placed,
            asked,
            [
                Step(
                    20...10 * minute,
                    .stripe,
                    .charge(),
                    .capture(percent: 90),
                    .flag("amount_short"),
                    .payment(.paid, cause: "amount_short"),
                    .move(.reviewPayment, cause: "amount_short")
                )
            ]
        ),
        SeedStory(
            .card,
            [8, 2, 0],
            isOptimistic: true,
            placed,
            asked,
            authorized,
            [Step(1...30, .worker, .move(.reviewStock, cause: "not verified yet"))]
        ),
        SeedStory(
            .card,
            [5, 2, 0],
            isOptimistic: true,
            placed,
            asked,
            authorized,
            [
                Step(
                    1...30,
                    .worker,
                    .reservation(.lost),
                    .move(.reviewStock, cause: "out of stock")
                )
            ]
        ),
        SeedStory(
            .cashOnDelivery,
            [12, 2, 0],
            isOptimistic: true,
            placed,
            [Step(1...30, .worker, .move(.reviewStock, cause: "not verified yet"))]
        ),
    ]

    /// Nothing is wrong.
    private static let goingWell = [
        SeedStory(.cashOnDelivery, [440, 50, 0], placedOnDelivery),
        SeedStory(.cashOnDelivery, [140, 110, 0], placedOnDelivery, started),
        SeedStory(.cashOnDelivery, [20, 310, 0], placedOnDelivery, shipped),
        SeedStory(.cashOnDelivery, [0, 130, 530], placedOnDelivery, deliveredForCash),
        SeedStory(.card, [170, 30, 0], placed, asked, paid),
        SeedStory(.card, [80, 80, 0], placed, asked, paid, started),
        SeedStory(.card, [10, 180, 0], placed, asked, paid, shipped),
        SeedStory(.card, [0, 80, 270], placed, asked, paid, delivered),
        SeedStory(.card, [4, 5, 22], placed, asked, declined, paid, delivered),
        SeedStory(.card, [6, 2, 0], isFree: true, placedFree),
        SeedStory(.card, [0, 2, 6], isFree: true, placedFree, delivered),
    ]

    /// Ended before anything was sent.
    private static let ended = [
        SeedStory(
            .card,
            [0, 1, 15],
            placed,
            asked,
            [
                Step(
                    minute...20 * minute,
                    .buyer,
                    .payment(.cancelled),
                    .move(.cancel, cause: "the customer's wish")
                )
            ],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 12],
            placed,
            asked,
            paid,
            [
                Step(
                    10 * minute...5 * hour,
                    .buyer,
                    .move(.cancel, cause: "the customer's wish")
                ),
                Step(
                    2...60,
                    .worker,
                    .refund(percent: 100),
                    .payment(.refunded),
                    .reservation(.released)
                ),
            ]
        ),
        SeedStory(
            .cashOnDelivery,
            [0, 2, 45],
            placedOnDelivery,
            [
                Step(
                    10 * minute...5 * hour,
                    .buyer,
                    .payment(.cancelled),
                    .move(.cancel, cause: "the customer's wish")
                )
            ],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 20],
            placed,
            asked,
            [Step(1_800...1_860, .worker, .payment(.failed), .move(.expire))],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 8],
            placed,
            asked,
            declined,
            [Step(1_500...1_800, .worker, .payment(.failed), .move(.expire))],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 5],
            placed,
            asked,
            authorized,
            [
                Step(1...30, .worker, .move(.reviewPayment, cause: "risk level highest")),
                Step(
                    hour...20 * hour,
                    .staff("support-1"),
                    .payment(.cancelled),
                    .move(.reject, cause: "fraud suspected")
                ),
            ],
            released
        ),
        SeedStory(
            .cashOnDelivery,
            [0, 1, 6],
            isOptimistic: true,
            placed,
            [
                Step(
                    1...30,
                    .worker,
                    .reservation(.lost),
                    .move(.reviewStock, cause: "out of stock")
                ),
                Step(
                    hour...20 * hour,
                    .staff("support-1"),
                    .payment(.cancelled),
                    .move(.reject, cause: "out of stock")
                ),
            ]
        ),
    ]

    /// Money or goods went back after all.
    private static let givenBack = [
        SeedStory(
            .cashOnDelivery,
            [0, 2, 30],
            placedOnDelivery,
            shipped,
            [
                Step(
                    2 * day...5 * day,
                    warehouse,
                    .fulfil(.return),
                    .payment(.cancelled, cause: "not taken at the door")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 12],
            placed,
            asked,
            paid,
            delivered,
            [
                Step(2 * day...4 * day, warehouse, .fulfil(.return)),
                Step(
                    hour...20 * hour,
                    .staff("finance-1"),
                    .refund(percent: 100),
                    .payment(.refunded, cause: "goods returned")
                ),
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 15],
            placed,
            asked,
            paid,
            delivered,
            [
                Step(
                    hour...2 * day,
                    .staff("support-1"),
                    .refund(percent: 30),
                    .payment(.partiallyRefunded, cause: "damaged on its way")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 8],
            placed,
            asked,
            paid,
            delivered,
            [
                Step(
                    hour...2 * day,
                    .staff("finance-1"),
                    .refund(percent: 100),
                    .payment(.refunded, cause: "goodwill")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 4],
            placed,
            asked,
            paid,
            delivered,
            [Step(hour...2 * day, .stripe, .payment(.disputed, cause: "fraudulent"))]
        ),
    ]
}
