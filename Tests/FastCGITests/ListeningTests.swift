import FastCGI
import Foundation
import OrderServiceTesting
import Testing
import Web

extension SocketTests {
    @Suite("Listening")
    struct ListeningTests {
        @Test("listens on several addresses, TCP among them")
        func listensOnSeveral() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture { configuration in
                    let loopback = AddressRange.loopback
                    configuration.listeners.append(
                        .tcp(host: "127.0.0.1", port: 0, allowedPeers: loopback)
                    )
                }
                for address in fixture.server.addresses {
                    let client = try FastCGIClient(to: address)
                    let answer = try client.exchange(FastCGIRecords.request("GET", "/x"))
                    #expect(answer?.text == "/x", "\(address)")
                }
            }
        }

        @Test("closes TCP connections of peers that are not allowed")
        func refusesPeers() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture { configuration in
                    let elsewhere = ["192.0.2.0/24"].compactMap(AddressRange.init)
                    configuration.listeners = [
                        .tcp(host: "127.0.0.1", port: 0, allowedPeers: elsewhere)
                    ]
                }
                #expect(try fixture.connect().isClosedByServer())
                // The peer sees the end before the worker has counted it.
                #expect(fixture.eventually { $0.refusals == ["forbidden_peer": 1] })
                #expect(fixture.server.statistics.acceptedConnections == 0)
            }
        }

        @Test("makes a socket file for owner and group only")
        func setsMode() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: fixture.directory + "/socket"
                )
                #expect(attributes[.posixPermissions] as? Int == 0o660)
            }
        }

        @Test("refuses an address that another server listens on")
        func refusesTakenAddress() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture { configuration in
                    let loopback = AddressRange.loopback
                    configuration.listeners.append(
                        .tcp(host: "127.0.0.1", port: 0, allowedPeers: loopback)
                    )
                }
                for address in fixture.server.addresses {
                    let configuration = ServerConfiguration(listeners: [address], workers: 1)
                    let error = #expect(throws: ServerError.self) {
                        try Server(configuration, application: ClosureApplication.echo)
                    }
                    #expect(error?.description.hasSuffix("is in use by another process") == true)
                }
                #expect(try fixture.connect().exchange(FastCGIRecords.request())?.status == 200)
            }
        }

        @Test("replaces the socket file of a dead server, and no other file")
        func replacesStaleFile() async throws {
            try await onOwnThread {
                let directory = try ServerFixture.makeDirectory()
                defer { try? FileManager.default.removeItem(atPath: directory) }
                let path = directory + "/socket"
                let configuration = ServerConfiguration(
                    listeners: [.unix(path: path)],
                    workers: 1
                )
                try leaveStaleSocket(at: path)
                let server = try Server(configuration, application: ClosureApplication.echo)
                try server.start()
                let client = try FastCGIClient(to: .unix(path: path))
                #expect(try client.exchange(FastCGIRecords.request("GET", "/x"))?.text == "/x")
                server.stop(grace: .seconds(1))

                try Data().write(to: URL(fileURLWithPath: path))
                #expect(throws: ServerError.notASocket(path)) {
                    try Server(configuration, application: ClosureApplication.echo)
                }
                #expect(FileManager.default.fileExists(atPath: path))
            }
        }

        @Test("leaves a socket file alone that another server has put in its place")
        func sparesSuccessor() async throws {
            try await onOwnThread {
                let fixture = try ServerFixture()
                let path = fixture.directory + "/socket"
                try FileManager.default.removeItem(atPath: path)
                let configuration = ServerConfiguration(
                    listeners: [.unix(path: path)],
                    workers: 1
                )
                let successor = try Server(configuration, application: ClosureApplication.echo)
                try successor.start()
                fixture.server.stop(grace: .seconds(1))
                let client = try FastCGIClient(to: .unix(path: path))
                #expect(try client.exchange(FastCGIRecords.request("GET", "/x"))?.text == "/x")
                successor.stop(grace: .seconds(1))
            }
        }
    }
}
