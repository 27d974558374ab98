import FastCGI
import Foundation
import OrderServiceTesting
import Synchronization
import Testing
import Web

/// FastCGI requests hidden in bodies, sent through nginx.
///
/// A server that leaves the rest of a body on a kept connection takes it for the next request, and
/// its answer goes to the next client of nginx.
@Suite("Smuggled requests", .serialized, .enabled(if: TestNginx.binary != nil))
struct SmugglingTests {
    /// Answers with the target and never looks at a body.
    private final class Echo: Application {
        let smuggled = Atomic(0)

        func start(_ request: Request) -> Step {
            let target = Array(request.path)
            if target.starts(with: Array("/smuggled".utf8)) {
                smuggled.add(1, ordering: .relaxed)
            }
            guard target.last == UInt8(ascii: "7") else {
                return .answer(Response(.ok, body: target))
            }
            return .handOver { reply in Thread { reply(Response(.ok, body: target)) }.start() }
        }
    }

    @Test("are never answered, whatever surrounds them")
    func areNeverAnswered() async throws {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try Self.run() }) }.start()
        }
    }

    private static func run() throws {
        let path = NSTemporaryDirectory() + "smuggling-" + UUID().uuidString.prefix(8)
        let application = Echo()
        let server = try Server(
            ServerConfiguration(listeners: [.unix(path: path)], workers: 4),
            application: application
        )
        try server.start()
        defer { server.stop(grace: .seconds(5)) }
        let nginx = try TestNginx(upstream: path)
        let address = nginx.address

        let wrong = Wrong()
        let group = DispatchGroup()
        for number in 0..<8 {
            group.enter()
            Thread {
                exchange(number, address, wrong)
                group.leave()
            }.start()
        }
        group.wait()
        #expect(wrong.answers == [])
        #expect(application.smuggled.load(ordering: .relaxed) == 0)
        #expect(server.statistics.requests == 3_200)
        #expect(server.statistics.refusals == [:])
    }

    /// Runs one client: the first three attack, the others are innocent.
    private static func exchange(_ number: Int, _ address: String, _ wrong: Wrong) {
        do {
            let client = try HTTPClient(to: address)
            for count in 0..<400 {
                let target = "/client/\(number)/\(count)"
                let body = number < 3 ? forged(count) : []
                let answer = try client.send(number < 3 ? "POST" : "GET", target, body: body)
                guard answer.text != target else { continue }
                wrong.add("\(target): \(answer.status) \(answer.text)")
            }
        } catch {
            wrong.add("client \(number): \(error)")
        }
    }

    /// The answers that were not as they should be.
    private final class Wrong: Sendable {
        private let list = Mutex<[String]>([])

        var answers: [String] { list.withLock { $0 } }

        func add(_ answer: String) { list.withLock { $0.append(answer) } }
    }

    /// A body with a forged request, behind various ends of the real one and various paddings.
    private static func forged(_ variant: Int) -> [UInt8] {
        let request = FastCGIRecords.request("GET", "/smuggled/\(variant)")
        let ends: [[UInt8]] = [
            [], FastCGIRecords.record(5), FastCGIRecords.record(5) + FastCGIRecords.abort(),
            FastCGIRecords.record(9, id: 0),
        ]
        // libfcgi reads 8 KiB at a time, nginx writes records of up to 32 KiB.
        let padding = [0, 1, 8_192 - 600, 16_384, 40_000, 200_000][variant % 6]
        return [UInt8](repeating: 0x20, count: padding) + ends[variant % 4] + request + request
    }
}
