import FastCGI
import Foundation
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Stopping")
    struct StoppingTests {
        @Test("answers what is in flight, closes idle connections and removes the socket file")
        func stopsGracefully() async throws {
            try await onOwnThread {
                let gate = Turnstile()
                let application = ClosureApplication { request in
                    .handOver { reply in
                        onThread {
                            gate.wait()
                            reply(Response(.ok, body: Array(request.path)))
                        }
                    }
                }
                let fixture = try ServerFixture(application)
                let idle = try fixture.connect()
                let busy = try fixture.connect()
                try busy.send(FastCGIRecords.request("GET", "/busy"))
                #expect(fixture.eventually { $0.requestsInFlight == 1 && $0.openConnections == 2 })

                let server = fixture.server
                let stopped = Turnstile()
                let isClean = Box(false)
                onThread {
                    isClean.value = server.stop(grace: .seconds(10))
                    stopped.open()
                }
                #expect(try idle.isClosedByServer())
                #expect(throws: FastCGIClient.Failure.self) { try fixture.connect() }
                gate.open()
                #expect(try busy.nextAnswer()?.text == "/busy")
                #expect(try busy.isClosedByServer())
                stopped.wait()
                #expect(isClean.value)
                #expect(!FileManager.default.fileExists(atPath: fixture.directory + "/socket"))
            }
        }

        @Test("lets a request that has begun to arrive come to its answer")
        func finishesArrivingRequest() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let idle = try fixture.connect()
                let client = try fixture.connect()
                let request = FastCGIRecords.request("POST", "/late", body: [1, 2, 3])
                try client.send(Array(request[..<30]))
                // Its beginning is known to be received once a later request is answered.
                let other = try fixture.connect()
                #expect(try other.exchange(FastCGIRecords.request())?.status == 200)

                let server = fixture.server
                let stopped = Turnstile()
                onThread {
                    server.stop(grace: .seconds(10))
                    stopped.open()
                }
                #expect(try idle.isClosedByServer())
                try client.send(Array(request[30...]))
                #expect(try client.nextAnswer()?.text == "/late")
                #expect(try client.isClosedByServer())
                stopped.wait()
            }
        }

        @Test("gives up after the grace time and says so")
        func givesUp() async throws {
            try await onOwnThread {
                let gate = Turnstile()
                let application = ClosureApplication { _ in
                    .handOver { reply in
                        onThread {
                            gate.wait()
                            reply(Response(.ok))
                        }
                    }
                }
                let fixture = try ServerFixture(application)
                let client = try fixture.connect()
                try client.send(FastCGIRecords.request())
                #expect(fixture.eventually { $0.requestsInFlight == 1 })
                #expect(!fixture.server.stop(grace: .milliseconds(50)))
                #expect(try client.isClosedByServer())
                gate.open()
                #expect(fixture.eventually { $0.openConnections == 0 })
            }
        }
    }
}
