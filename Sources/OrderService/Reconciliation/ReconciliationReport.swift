package import MariaDB
package import Web

/// What a comparison found, and how much of it could be read.
package struct ReconciliationReport: Sendable {
    /// So many findings are kept with all they say; the others are counted.
    static let maximumKept = 1_000

    package let from: Timestamp
    package let to: Timestamp
    package private(set) var findings: [Finding] = []
    /// All findings that are not fixed, by kind.
    package private(set) var counts: [Finding.Kind: Int] = [:]
    /// All that were fixed.
    package private(set) var fixed = 0
    /// Differences too young to be called one, or on which the worker is at work.
    package internal(set) var inFlight = 0
    /// Objects that were compared, by a bounded word.
    package private(set) var compared: [String: Int] = [:]
    /// What could not be read to its end, and why; empty after a whole comparison.
    package private(set) var unread: [String] = []
    /// What is worth knowing besides.
    package private(set) var notes: [String] = []

    init(from: Timestamp, to: Timestamp) {
        self.from = from
        self.to = to
    }

    /// Whether both sides were read to the end.
    package var isWhole: Bool { unread.isEmpty }

    /// How many findings are left.
    package var left: Int { counts.values.reduce(0, +) }

    mutating func add(_ finding: Finding) {
        if findings.count < Self.maximumKept { findings.append(finding) }
        if finding.outcome == .fixed {
            fixed += 1
        } else {
            counts[finding.kind, default: 0] += 1
        }
    }

    /// A difference of demo data, which is none.
    mutating func passOver() {
        note("demo orders of `orderd seed` are passed over: no other side knows them")
    }

    mutating func count(_ what: String, _ number: Int = 1) {
        compared[what, default: 0] += number
    }

    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    mutating func noteUnread(_ what: String, _ reason: String) {
        unread.append("\(what): \(reason)")
    }

    package var json: JSON {
        let counts = Finding.Kind.allCases.compactMap { kind in
            self.counts[kind].map { (name: kind.rawValue, value: JSON($0)) }
        }
        let compared = self.compared.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: JSON($0.value)) }
        return [
            "from": .string(from.rfc3339), "to": .string(to.rfc3339),
            "agrees": .bool(isWhole && left == 0), "whole": .bool(isWhole),
            "unread": .array(unread.map(JSON.string)), "compared": .object(compared),
            "inFlight": JSON(inFlight), "fixed": JSON(fixed), "left": JSON(left),
            "counts": .object(counts), "findings": .array(findings.map(\.json)),
            "notes": .array(notes.map(JSON.string)),
        ]
    }
}
