import CLinux
import Foundation
import Glibc

/// A blocking HTTP/1.1 client on one kept connection to a socket file, for tests.
package final class HTTPClient {
    package struct Answer: Equatable {
        package var status: Int
        /// The header lines after the status line.
        package var fields: [String]
        package var body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package enum Failure: Error {
        case connect(Int32)
        case closed
        case malformed
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// Connects.
    ///
    /// - Parameters:
    ///   - path: the socket file.
    ///   - timeout: how long each single wait may last, in seconds.
    /// - Throws: `Failure.connect`.
    package init(to path: String, timeout: Int = 10) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = withUnsafePointer(to: name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure.connect(errno) }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    deinit {
        close(descriptor)
    }

    /// Sends a request and reads its answer, whose length must be announced.
    package func send(_ method: String, _ target: String, body: [UInt8] = []) throws -> Answer {
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.count)\r\n\r\n"
        try write(Array(head.utf8) + body)
        let lines = try readHead()
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw Failure.malformed }
        let length = lines.lazy
            .filter { $0.lowercased().hasPrefix("content-length: ") }
            .compactMap { Int($0.dropFirst(16)) }
            .first
        let hasBody = method != "HEAD" && status != 204 && status != 304
        let body = try read(hasBody ? length ?? 0 : 0)
        return Answer(status: status, fields: Array(lines.dropFirst()), body: body)
    }

    private func write(_ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure.closed }
            start += count
        }
    }

    private func readHead() throws -> [String] {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            let end = received.indices.first { received[$0...].starts(with: separator) }
            if let end {
                let head = String(decoding: received[..<end], as: UTF8.self)
                received.removeFirst(end + 4)
                return head.split(separator: "\r\n").map(String.init)
            }
            try receive()
        }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        while received.count < count { try receive() }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Failure.closed }
        received += buffer[..<count]
    }
}
