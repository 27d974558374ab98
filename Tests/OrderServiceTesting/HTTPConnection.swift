import CLinux
import Foundation
package import Web

/// A request as a test writes it.
package struct HTTPCall: Sendable {
    package var method: String
    package var target: String
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        _ method: String,
        _ target: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    package static func get(_ target: String, token: String? = nil) -> HTTPCall {
        HTTPCall("GET", target).authorized(by: token)
    }

    package static func json(
        _ method: String,
        _ target: String,
        _ body: JSON,
        token: String? = nil
    ) -> HTTPCall {
        HTTPCall(
            method,
            target,
            fields: [("Content-Type", "application/json")],
            body: body.serialized()
        ).authorized(by: token)
    }

    package func with(_ name: String, _ value: String) -> HTTPCall {
        var copy = self
        copy.fields.append((name, value))
        return copy
    }

    private func authorized(by token: String?) -> HTTPCall {
        token.map { with("Authorization", "Bearer \($0)") } ?? self
    }

    fileprivate var bytes: [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        if !body.isEmpty || method == "POST" { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8) + body
    }
}

/// What came back.
package struct HTTPAnswer: Sendable {
    package let status: Int
    package let fields: [(name: String, value: String)]
    package let body: [UInt8]

    /// The value of a field, by its name in any case.
    package func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var json: JSON? { try? JSON(parsing: body) }
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A client's one kept connection to a web server on loopback; blocks the thread that uses it.
///
/// It connects when it has to. After any failure it is closed, so the next request opens a new
/// one; no request is ever sent twice.
package final class HTTPConnection {
    package enum Failure: Error, Equatable {
        case connect(Int32)
        case send(Int32)
        case receive(Int32)
        case closed
        case unreadable(String)
    }

    private let port: UInt16
    private let timeout: Int
    private var descriptor: Int32 = -1
    private var received: [UInt8] = []

    /// Makes a client of 127.0.0.1.
    ///
    /// - Parameters:
    ///   - port: where the server listens.
    ///   - timeout: how long each single wait may last, in seconds.
    package init(port: UInt16, timeout: Int = 40) {
        self.port = port
        self.timeout = timeout
    }

    deinit {
        close()
    }

    /// Ends the connection; the next request opens a new one.
    package func close() {
        if descriptor >= 0 { CLinux.close(descriptor) }
        descriptor = -1
        received.removeAll(keepingCapacity: true)
    }

    /// Sends a request and reads its answer.
    package func send(_ call: HTTPCall) throws(Failure) -> HTTPAnswer {
        do throws(Failure) {
            if descriptor < 0 { try open() }
            try write(call.bytes)
            let answer = try readAnswer(hasBody: call.method != "HEAD")
            if answer.field("Connection") == "close" { close() }
            return answer
        } catch {
            close()
            throw error
        }
    }

    private func open() throws(Failure) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_INET, type, 0)
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let isConnected = withUnsafeBytes(of: &address) { bytes in
            connect(
                descriptor,
                bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(bytes.count)
            ) == 0
        }
        guard isConnected else { throw .connect(errno) }
    }

    private func write(_ bytes: [UInt8]) throws(Failure) {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw .send(errno) }
            start += count
        }
    }

    private func readAnswer(hasBody: Bool) throws(Failure) -> HTTPAnswer {
        let head = try takeHead()
        let lines = head.split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
            let status = Int(first.dropFirst(9).prefix(3))
        else { throw .unreadable(head) }
        let fields = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
            return (String(parts[0]), String(value))
        }
        func field(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name }?.value
        }
        var body: [UInt8] = []
        if !hasBody || status == 204 || status == 304 {
            body = []
        } else if field("transfer-encoding") == "chunked" {
            body = try takeChunks()
        } else if let length = field("content-length").flatMap({ Int($0) }) {
            body = try take(length)
        }
        return HTTPAnswer(status: status, fields: fields, body: body)
    }

    private func takeHead() throws(Failure) -> String {
        var searched = 0
        while true {
            if let end = endOfHead(from: searched) {
                let head = String(decoding: received[..<end], as: UTF8.self)
                received.removeFirst(end + 4)
                return head
            }
            searched = max(0, received.count - 3)
            try receive()
        }
    }

    private func endOfHead(from start: Int) -> Int? {
        guard received.count >= start + 4 else { return nil }
        return (start...(received.count - 4)).first { index in
            received[index] == 13 && received[index + 1] == 10 && received[index + 2] == 13
                && received[index + 3] == 10
        }
    }

    private func takeChunks() throws(Failure) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            while !received.contains(10) { try receive() }
            let end = received.firstIndex(of: 10) ?? 0
            let line = String(decoding: received[..<end], as: UTF8.self)
            received.removeFirst(end + 1)
            guard let length = Int(line.prefix { $0.isHexDigit }, radix: 16) else {
                throw .unreadable(line)
            }
            body += try take(length)
            _ = try take(2)
            if length == 0 { return body }
        }
    }

    private func take(_ count: Int) throws(Failure) -> [UInt8] {
        while received.count < count { try receive() }
        let bytes = Array(received[..<count])
        received.removeFirst(count)
        return bytes
    }

    private func receive() throws(Failure) {
        let (count, code) = withUnsafeTemporaryAllocation(byteCount: 32_768, alignment: 1) {
            buffer -> (Int, Int32) in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { received += UnsafeRawBufferPointer(rebasing: buffer[..<count]) }
            return (count, errno)
        }
        guard count != 0 else { throw .closed }
        guard count > 0 else { throw .receive(code) }
    }
}
