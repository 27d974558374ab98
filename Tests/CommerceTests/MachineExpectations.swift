import Testing

@testable import Commerce

/// The moves of a machine as a test expects them, written down apart from its table.
struct MachineExpectations<State: MachineState> {
    let starts: Set<State>
    let moves: [State: [State.Event: State]]

    /// Reads lines such as `paid: dispute>disputed overpay>overpaid`, in the API's own words.
    ///
    /// - Throws: an expectation that failed, for a word that the machine does not have.
    init(from starts: State..., moves text: String) throws {
        self.starts = Set(starts)
        var moves: [State: [State.Event: State]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let state = try #require(State(rawValue: String(words[0].dropLast())))
            #expect(moves[state] == nil, "\(state) has two lines")
            moves[state] = [:]
            for word in words.dropFirst() {
                let ends = word.split(separator: ">").map(String.init)
                let event = try #require(State.Event(rawValue: ends[0]))
                let next = try #require(State(rawValue: ends[1]))
                moves[state]?[event] = next
            }
        }
        self.moves = moves
        #expect(Set(moves.keys) == Set(State.allCases), "every state has its line")
    }

    /// Checks that every pair of state and event is allowed with its result, or refused with the
    /// typed error.
    func holdForEveryPair() throws {
        #expect(Set(State.transitions.starts) == starts)
        for state in State.allCases {
            let moves = moves[state] ?? [:]
            let allowed = State.Event.allCases.filter { moves[$0] != nil }
            #expect(state.allowedEvents == allowed)
            #expect(state.isFinal == moves.isEmpty)
            for event in State.Event.allCases {
                if let next = moves[event] {
                    #expect(try state.after(event) == next, "\(state) after \(event)")
                } else {
                    let refusal = IllegalTransition(status: state, event: event, allowed: allowed)
                    #expect(throws: refusal, "\(state) after \(event)") { try state.after(event) }
                }
            }
        }
    }

    /// Checks that every state is a start or comes after one, and every event of some use.
    func reachEverything() {
        var reached = Set(State.transitions.starts)
        var frontier = reached
        var events: Set<State.Event> = []
        while !frontier.isEmpty {
            for state in frontier { events.formUnion(state.allowedEvents) }
            let next = frontier.flatMap { state in
                state.allowedEvents.compactMap { try? state.after($0) }
            }
            frontier = Set(next).subtracting(reached)
            reached.formUnion(next)
        }
        #expect(reached == Set(State.allCases))
        #expect(events == Set(State.Event.allCases))
    }
}
