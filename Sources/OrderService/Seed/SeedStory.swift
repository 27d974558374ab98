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
        case payment(PaymentEvent, cause: String? = nil)
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
        case reservation(ReservationEvent)
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

    init(
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
