import CLinux
import Foundation
import Glibc
import Synchronization

/// A TCP server of a test that behaves as badly as it is told, connection by connection.
///
/// It listens on a free port of 127.0.0.1 and stops listening when it has accepted its last
/// connection, so that one more is refused.
final class RawPeer: Sendable {
    typealias Behaviour = @Sendable (RawConnection) -> Void

    let port: Int
    private let received = Mutex<[String]>([])
    private let finished = DispatchSemaphore(value: 0)

    /// Starts a thread that treats the first connection as the first behaviour says, and so on.
    init(_ behaviours: Behaviour...) throws {
        let (listener, port) = try Self.listen(backlog: 16)
        self.port = port
        Thread { [self] in
            for (index, behaviour) in behaviours.enumerated() {
                let descriptor = clinux_accept4(listener, nil, nil, O_CLOEXEC)
                if index == behaviours.count - 1 { close(listener) }
                let connection = RawConnection(descriptor) { request in
                    self.received.withLock { $0.append(request) }
                }
                behaviour(connection)
                connection.end()
            }
            finished.signal()
        }.start()
    }

    func url(_ path: String = "/", scheme: String = "http") -> String {
        "\(scheme)://127.0.0.1:\(port)\(path)"
    }

    /// Waits until the last behaviour has ended, and tells the requests read, heads and bodies.
    func requests() -> [String] {
        finished.wait()
        finished.signal()
        return received.withLock { $0 }
    }

    static func listen(backlog: CInt) throws -> (descriptor: CInt, port: Int) {
        // No program that another test starts may keep it open.
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let listener = socket(AF_INET, type, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) | Glibc.listen(listener, backlog)
                    | getsockname(listener, address, &length)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRINUSE) }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// A connection that a peer has accepted; used by the peer's thread alone.
final class RawConnection {
    private let descriptor: CInt
    private var isOpen = true
    private let report: (String) -> Void
    private var unread: [UInt8] = []

    init(_ descriptor: CInt, _ report: @escaping (String) -> Void) {
        self.descriptor = descriptor
        self.report = report
        // A client that never comes or never speaks must not hang the test.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &patience,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    /// Reads one request with as much body as its Content-Length says.
    func readRequest() {
        let head = readUntilBlankLine()
        let length =
            head.lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        while unread.count < length, fill() {}
        let body = unread.prefix(length)
        unread.removeFirst(body.count)
        report(head + String(decoding: body, as: UTF8.self))
    }

    /// Reads only the head, and leaves a body in the kernel.
    func readHead() {
        report(readUntilBlankLine())
    }

    func write(_ text: String) {
        var rest = [UInt8](text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func answer(_ body: String, headers: String = "") {
        write("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Waits until the client has closed its end.
    func waitForEnd() {
        while fill() {}
    }

    /// Ends the connection with a reset instead of an orderly close.
    func reset() {
        var setting = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &setting,
            socklen_t(MemoryLayout<linger>.size)
        )
    }

    func end() {
        if isOpen { close(descriptor) }
        isOpen = false
    }

    private func readUntilBlankLine() -> String {
        let mark = [UInt8]("\r\n\r\n".utf8)
        while true {
            if unread.count >= 4,
                let start = (0...(unread.count - 4)).first(where: {
                    unread[$0..<($0 + 4)].elementsEqual(mark)
                })
            {
                defer { unread.removeFirst(start + 4) }
                return String(decoding: unread[..<(start + 4)], as: UTF8.self)
            }
            guard fill() else { return String(decoding: unread, as: UTF8.self) }
        }
    }

    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return false }
        unread += buffer[..<count]
        return true
    }
}
