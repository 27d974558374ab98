import CLinux
import Foundation
import Glibc
import OrderServiceTesting
import Synchronization
package import Web

/// A small HTTP/1.1 server on a free port of 127.0.0.1 in front of an application, in place of
/// nginx with FastCGI, so that every test can have stand-ins of its own.
///
/// Connections are kept, each on a thread of its own. An answer whose status line is 502 and whose
/// head is broken on purpose (faults of the kind `drop…`) ends its connection without a byte, as
/// nginx does for the stand-ins.
package final class LoopbackGateway: Sendable {
    private struct State {
        var connections: Set<Int32> = []
        var headers: [(name: String, value: String)] = []
        var isStopped = false
    }

    package let port: Int
    private let listener: Int32
    private let application: any Application
    private let state = Mutex(State())

    /// Listens and starts to accept.
    ///
    /// - Throws: `ChildProcess.Failure` if there is no free port.
    package init(_ application: any Application) throws {
        self.application = application
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) | Glibc.listen(listener, 128)
                    | getsockname(listener, address, &length)
            }
        }
        guard status == 0 else {
            close(listener)
            throw ChildProcess.Failure(reason: "listen: \(errno)")
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in acceptAll() }
    }

    /// Accepts no more and ends all connections.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// The values that a header has had in all requests so far.
    package func headers(_ name: String) -> [String] {
        state.withLock { state in
            state.headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }
    }

    private func acceptAll() {
        while true {
            let connection = clinux_accept4(listener, nil, nil, O_CLOEXEC)
            guard connection >= 0 else { break }
            let isWanted = state.withLock { state in
                if !state.isStopped { state.connections.insert(connection) }
                return !state.isStopped
            }
            guard isWanted else {
                close(connection)
                break
            }
            Thread.detachNewThread { [self] in serve(connection) }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        var isOn: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, 4)
        var reader = RequestReader(connection: connection)
        while let request = reader.next() {
            state.withLock { $0.headers += reader.headers }
            let response = application.respond(to: request)
            guard "\(response.readyLines)" != "\u{7F}\r\n" else { break }
            guard Self.write(response, to: connection) else { break }
        }
        state.withLock { state in
            state.connections.remove(connection)
            close(connection)
        }
    }

    private static func write(_ response: Response, to connection: Int32) -> Bool {
        var head = "HTTP/1.1 \(response.status.rawValue) \(response.status.phrase)\r\n"
        head += "\(response.readyLines)"
        for field in response.fields { head += "\(field.name): \(field.value)\r\n" }
        if !response.status.isBodiless { head += "Content-Length: \(response.body.count)\r\n" }
        var rest = (Array((head + "\r\n").utf8) + response.body)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Reads whole HTTP/1.1 requests off a connection.
private struct RequestReader {
    let connection: Int32
    /// Those of the last request.
    private(set) var headers: [(name: String, value: String)] = []
    private var unread: [UInt8] = []

    init(connection: Int32) {
        self.connection = connection
    }

    /// The next request; nil at the end of the connection.
    mutating func next() -> Request? {
        let separator = Array("\r\n\r\n".utf8)
        var end: Int?
        while end == nil {
            end = unread.indices.first { unread[$0...].starts(with: separator) }
            guard end != nil || fill() else { return nil }
        }
        guard let end else { return nil }
        let lines = String(decoding: unread[..<end], as: UTF8.self).split(separator: "\r\n")
        unread.removeFirst(end + separator.count)
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3, let method = Method(rawValue: String(words[0])) else { return nil }
        headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return (String(parts[0]), String(parts[1]).trimmed)
        }
        let length =
            headers.first { $0.name.lowercased() == "content-length" }
            .flatMap { Int($0.value) } ?? 0
        while unread.count < length {
            guard fill() else { return nil }
        }
        let body = Array(unread[..<length])
        unread.removeFirst(length)
        return Request(
            method,
            String(words[1]),
            headers: headers.filter { $0.name.lowercased() != "content-length" },
            body: body
        )
    }

    private mutating func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        unread += buffer[..<count]
        return true
    }
}
