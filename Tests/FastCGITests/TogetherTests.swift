import OrderServiceTesting
import Synchronization
import Testing
import Web

extension SocketTests {
    @Suite("Requests that come together")
    struct TogetherTests {
        /// Holds its first request until it is let go, and keeps how many come at once.
        final class Application: Web.Application {
            let turnstile = Turnstile()
            let counts = Mutex<[Int]>([])

            func start(_ request: Request) -> Step {
                .answer(Response(.ok, body: Array(request.parameters[.requestURI] ?? [])))
            }

            func start(_ requests: [Request], _ then: (Int, Step) -> Void) {
                let isFirst = counts.withLock { counts in
                    counts.append(requests.count)
                    return counts.count == 1
                }
                if isFirst { turnstile.wait() }
                // In another order than they have come.
                for (place, request) in requests.enumerated().reversed() {
                    then(place, start(request))
                }
            }
        }

        @Test("are begun together, and each is answered on its connection")
        func begun() async throws {
            try await onOwnThread {
                let application = Application()
                let fixture = try ServerFixture(application, workers: 1)
                let clients = try (0..<12).map { _ in try fixture.connect() }
                try clients[0].send(FastCGIRecords.request("GET", "/0"))
                #expect(eventually { application.counts.withLock { $0 == [1] } })
                for (number, client) in clients.enumerated().dropFirst() {
                    try client.send(FastCGIRecords.request("GET", "/\(number)"))
                }
                application.turnstile.open()
                for (number, client) in clients.enumerated() {
                    #expect(try client.nextAnswer()?.text == "/\(number)")
                }
                #expect(application.counts.withLock { $0 } == [1, 11])
            }
        }
    }
}
