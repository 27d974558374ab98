/// A state of something whose moves stand in one table.
///
/// Nothing becomes another state but by an event that the table allows.
package protocol MachineState: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// What may happen to it.
    associatedtype Event: RawRepresentable<String>, CaseIterable, Hashable, Sendable

    /// The one table of its moves.
    static var transitions: TransitionTable<Self> { get }
}

extension MachineState {
    /// The state after `event`.
    ///
    /// - Throws: `IllegalTransition` with what would be allowed.
    package func after(_ event: Event) throws(IllegalTransition<Self>) -> Self {
        guard let next = Self.transitions[self, event] else {
            throw IllegalTransition(status: self, event: event, allowed: allowedEvents)
        }
        return next
    }

    /// The events that this state allows, in the order of their declaration.
    package var allowedEvents: [Event] {
        Event.allCases.filter { Self.transitions[self, $0] != nil }
    }

    /// Whether nothing can happen any more.
    package var isFinal: Bool { allowedEvents.isEmpty }
}

/// A move that a table does not have.
package struct IllegalTransition<State: MachineState>: Error, Equatable {
    package let status: State
    package let event: State.Event
    /// What would be allowed instead.
    package let allowed: [State.Event]

    package init(status: State, event: State.Event, allowed: [State.Event]) {
        self.status = status
        self.event = event
        self.allowed = allowed
    }
}
