/// What may happen in each state, and what comes of it; every other pair is refused.
package struct TransitionTable<State: MachineState>: Sendable {
    /// The states in which a record may begin.
    package let starts: [State]
    private let moves: [State: [State.Event: State]]

    package init(from starts: State..., moves: [State: [State.Event: State]]) {
        self.starts = starts
        self.moves = moves
    }

    /// The state after an event; nil if the event is refused.
    package subscript(state: State, event: State.Event) -> State? { moves[state]?[event] }
}
