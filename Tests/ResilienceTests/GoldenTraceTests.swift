import Foundation
import Testing

@testable import Resilience

/// Replays what Resilience4j 2.4.0 did, recorded with a virtual clock, results of earlier states
/// not being forwarded; in a file where they are, only the scripts without such results count.
@Suite("Golden traces") struct GoldenTraceTests {
    @Test("agrees with every field of every event", arguments: GoldenFile.all)
    func agrees(file: URL) throws {
        var configuration: (line: GoldenLine, value: CircuitBreakerConfiguration)?
        var replay: GoldenReplay?
        var script = ""
        var events = 0
        var scripts = 0
        var passedOver = 0
        var differences: [String] = []
        for (index, line) in try GoldenFile.lines(of: file).enumerated() {
            switch line.type {
            case "config":
                let value = try #require(CircuitBreakerConfiguration(line))
                try value.validate()
                configuration = (line, value)
            case "script":
                let configuration = try #require(configuration)
                let policy = configuration.line.staleResults
                guard line.isComparable(withStaleResults: policy) else {
                    replay = nil
                    passedOver += 1
                    continue
                }
                replay = GoldenReplay(configuration.value, start: try #require(line.start))
                script = "\(configuration.line.name ?? "") script \(line.script ?? -1)"
                scripts += 1
            default:
                guard let found = replay?.play(line) else { continue }
                events += 1
                differences += found.map { "line \(index + 1), \(script): \($0)" }
            }
        }
        print(
            "\(file.lastPathComponent): \(scripts) scripts, \(events) events equal but for "
                + "\(differences.count) fields; \(passedOver) scripts of defects passed over"
        )
        #expect(events > 0)
        #expect(differences.prefix(20).isEmpty, "\(differences.count) differ")
    }

    @Test("finds the traces of its own resources") func findsTraces() {
        #expect(GoldenFile.all.contains { $0.lastPathComponent == "sane-core.jsonl.gz" })
    }
}
