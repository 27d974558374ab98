import Foundation
import Testing
import Web

@testable import FastCGI

@Suite("Gate under mutated input")
struct GateFuzzTests {
    private static let cases =
        ProcessInfo.processInfo.environment["FUZZ_CASES"].flatMap { Int($0) } ?? 20_000

    @Test("says the same however the bytes are cut, and admits only what keeps the rules")
    func keepsTheRules() async throws {
        try await onOwnThread {
            var tally = Tally()
            for number in 0..<Self.cases {
                var mutations = Mutations(seed: UInt64(number))
                Self.check(mutations.bytes(), seed: number, &mutations, &tally)
            }
            // A corpus that only ever ends the same way would test nothing.
            #expect(tally.admitted > Self.cases / 10)
            #expect(tally.refused > Self.cases / 100)
            #expect(tally.closed > Self.cases / 10)
        }
    }

    private struct Tally {
        var admitted = 0
        var refused = 0
        var closed = 0
    }

    private static func check(
        _ bytes: [UInt8],
        seed: Int,
        _ mutations: inout Mutations,
        _ tally: inout Tally
    ) {
        let whole = GateRun(bytes)
        let inPieces = GateRun(bytes) { mutations.number(1...40) }
        let isSame = whole.verdicts.map(\.summary) == inPieces.verdicts.map(\.summary)
        if !isSame || whole.isIdle != inPieces.isIdle || !whole.alwaysAdvanced {
            Issue.record("seed \(seed): \(whole.verdicts) \(inPieces.verdicts)")
        }
        for verdict in whole.verdicts {
            switch verdict {
            case .request(let request):
                tally.admitted += 1
                if !isWithinRules(request) { Issue.record("seed \(seed): \(request)") }
            case .refuse: tally.refused += 1
            case .close: tally.closed += 1
            default: break
            }
        }
    }

    private static func isWithinRules(_ request: AdmittedRequest) -> Bool {
        let announced = request.parameters[.contentLength] ?? []
        let length = Int(String(decoding: announced, as: UTF8.self)) ?? 0
        return request.id != 0 && request.body.count == length
            && request.body.count <= GateRun.limits.bodyBytes
            && request.parameters.bytes.count <= GateRun.limits.parameterBytes
    }
}
