/// Where a refund stands.
package enum RefundStatus: String, Sendable, CaseIterable {
    /// Written down and counted; the provider has not carried it out yet.
    case requested
    case pending
    /// The payer has to do something at the provider.
    case requiresAction = "requires_action"
    case succeeded
    case failed
    case cancelled
    /// Somebody has to decide: it was refused for good, or could not be made.
    case manual
    /// A call was sent and its answer was lost: money in doubt.
    case unknown
}

/// What may happen to a refund.
package enum RefundEvent: String, Sendable, CaseIterable {
    // The five states of the provider's own refund.
    case wait
    case requireAction = "require_action"
    case succeed
    case fail
    case cancel
    /// A call was sent and not answered.
    case loseAnswer = "lose_answer"
    /// The provider refused it, and would again.
    case refuse
    /// It was not carried out, and is not tried any more.
    case giveUp = "give_up"
    /// Somebody has shown that the money went back.
    case confirmByHand = "confirm_by_hand"
    /// Somebody has shown that it did not and will not.
    case rejectByHand = "reject_by_hand"
}

extension RefundStatus: MachineState {
    package typealias Event = RefundEvent

    /// What the provider may report of a refund of which it has said nothing final.
    private static let reports: [RefundEvent: RefundStatus] = [
        .wait: .pending, .requireAction: .requiresAction, .succeed: .succeeded, .fail: .failed,
        .cancel: .cancelled,
    ]

    /// What a call that creates it may bring.
    private static let results = reports.merging([
        .loseAnswer: .unknown, .refuse: .manual, .giveUp: .manual,
    ]) { $1 }

    /// The one table of a refund's moves.
    ///
    /// A success may fail days later, when the payer's bank sends the money back. A repeated
    /// report is allowed and changes nothing; a late one is refused.
    package static let transitions = TransitionTable<RefundStatus>(
        from: .requested,
        moves: [
            .requested: results,
            .unknown: results,
            .pending: reports,
            .requiresAction: reports,
            .succeeded: [.succeed: .succeeded, .fail: .failed],
            .failed: [.fail: .failed],
            .cancelled: [.cancel: .cancelled],
            .manual: reports.merging([
                .refuse: .manual, .giveUp: .manual, .confirmByHand: .succeeded,
                .rejectByHand: .failed,
            ]) { $1 },
        ]
    )
}

extension RefundStatus {
    /// Whether its amount is taken from what is left to refund.
    package var holdsMoney: Bool { self != .failed && self != .cancelled }

    /// Whether the worker has something to do or to find out.
    package var isOpen: Bool {
        switch self {
        case .requested, .unknown, .pending, .requiresAction: true
        case .succeeded, .failed, .cancelled, .manual: false
        }
    }
}
