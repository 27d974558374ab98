/// What the documentation shows of a table.
extension TransitionTable {
    /// The diagram in Mermaid's `stateDiagram-v2`; events that lead the same way share an arrow.
    package var diagram: String {
        var lines = ["stateDiagram-v2"]
        lines += starts.map { "    [*] --> \($0.rawValue)" }
        for state in State.allCases {
            for next in State.allCases {
                let events = state.allowedEvents.filter { self[state, $0] == next }
                    .map(\.rawValue)
                guard !events.isEmpty else { continue }
                let label = events.joined(separator: ", ")
                lines.append("    \(state.rawValue) --> \(next.rawValue) : \(label)")
            }
            if state.isFinal { lines.append("    \(state.rawValue) --> [*]") }
        }
        return lines.joined(separator: "\n")
    }

    /// Every pair of state and event in Markdown: what comes of it, or that it is refused.
    package var markdown: String {
        let rows = State.allCases.map { state in
            let allowed = state.allowedEvents.compactMap { event in
                self[state, event].map { "\(event.rawValue) → `\($0.rawValue)`" }
            }
            let refused = State.Event.allCases.filter { self[state, $0] == nil }.map(\.rawValue)
            return "| `\(state.rawValue)` | \(Self.list(allowed)) | \(Self.list(refused)) |"
        }
        return (["| state | event → what comes of it | refused |", "|---|---|---|"] + rows)
            .joined(separator: "\n")
    }

    /// Diagram and table, as they stand in `States.md` between the markers of a machine.
    package var document: String { "```mermaid\n\(diagram)\n```\n\n\(markdown)" }

    private static func list(_ words: [String]) -> String {
        words.isEmpty ? "–" : words.joined(separator: ", ")
    }
}
