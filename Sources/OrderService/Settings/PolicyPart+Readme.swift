extension PolicyPart {
    /// What stands before and behind the table in the README.
    package static let readmeMarkers = (start: "<!-- policies -->", end: "<!-- /policies -->")

    /// The table of all parts and the values they start from, in Markdown, as it stands in the
    /// README between the markers; empty where a part does not apply.
    package static var readmeTable: String {
        let names = Dependency.allCases.map(\.name).joined(separator: " | ")
        let ruler = String(repeating: "---|", count: Dependency.allCases.count)
        let rows = allCases.map { part in
            let values = Dependency.allCases.map { dependency in
                guard part.isOfBreaker || dependency.hasGuard else { return "" }
                return part.place.text(in: .start(of: dependency))
            }
            return "| `\(part.rawValue)` | \(part.help) | "
                + values.joined(separator: " | ") + " |"
        }
        return (["| part | what | \(names) |", "|---|---|\(ruler)"] + rows).joined(separator: "\n")
    }
}
