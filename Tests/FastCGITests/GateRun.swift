import Web

@testable import FastCGI

/// What a gate says to a sequence of bytes, up to its first final verdict.
struct GateRun {
    static let limits = RequestGate.Limits(parameterBytes: 65_536, bodyBytes: 1_048_576)

    private(set) var verdicts: [Verdict] = []
    private(set) var isIdle = true
    /// Whether every verdict but `.incomplete` was reached by taking bytes.
    private(set) var alwaysAdvanced = true

    /// Feeds a gate with the bytes, cut into pieces.
    init(_ bytes: [UInt8], pieceLength: Int = .max) {
        self.init(bytes) { pieceLength }
    }

    /// Feeds a gate with the bytes, cut into pieces of varying length.
    init(_ bytes: [UInt8], nextPieceLength: () -> Int) {
        var gate = RequestGate(limits: Self.limits)
        var start = 0
        while start < bytes.count {
            let end = start + min(max(1, nextPieceLength()), bytes.count - start)
            guard feed(Array(bytes[start..<end]), to: &gate) else { return }
            start = end
        }
        isIdle = gate.isIdle
    }

    /// Returns false after a verdict that ends the connection.
    private mutating func feed(_ piece: [UInt8], to gate: inout RequestGate) -> Bool {
        var cursor = 0
        while true {
            let before = cursor
            let verdict = gate.consume(piece.span, from: &cursor)
            if case .incomplete = verdict { return true }
            alwaysAdvanced = alwaysAdvanced && cursor > before && cursor <= piece.count
            verdicts.append(verdict)
            if verdict.isFinal { return false }
        }
    }
}

extension Verdict {
    var request: AdmittedRequest? {
        if case .request(let request) = self { request } else { nil }
    }

    var reply: ProtocolReply? {
        if case .reply(let reply) = self { reply } else { nil }
    }

    var refusal: Refusal? {
        if case .refuse(let refusal) = self { refusal } else { nil }
    }

    var violation: Violation? {
        if case .close(let violation) = self { violation } else { nil }
    }

    var isAborted: Bool {
        if case .aborted = self { true } else { false }
    }

    var isFinal: Bool {
        switch self {
        case .refuse, .close: true
        case .aborted(_, let keepsConnection): !keepsConnection
        case .incomplete, .request, .reply: false
        }
    }

    /// The verdict as text, to compare two runs.
    var summary: String {
        guard let request else { return "\(self)" }
        return "request \(request.id) \(request.keepsConnection) \(request.parameters.bytes)"
            + " \(request.body)"
    }
}
