import CLinux
package import FastCGI
import Glibc

/// A web server's side of one FastCGI connection, for tests.
package final class FastCGIClient {
    /// What came back for one request.
    package struct Answer: Equatable {
        package var id: UInt16
        package var status = 200
        package var fields: [String] = []
        package var body: [UInt8] = []
        /// The protocol status of END_REQUEST; nil if the connection ended before it.
        package var protocolStatus: UInt8?

        /// The value of a field, by its name as it was written.
        package func field(_ name: String) -> String? {
            fields.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
        }

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package struct Record: Equatable {
        package var type: UInt8
        package var id: UInt16
        package var content: [UInt8]
    }

    package enum Failure: Error, Equatable {
        case connect(Int32)
        case send(Int32)
        case timedOut
    }

    package let descriptor: Int32
    private var received: [UInt8] = []

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: where the server listens.
    ///   - timeout: how long each single wait may last, in seconds.
    /// - Throws: `Failure.connect`.
    package init(to address: ListenAddress, timeout: Int = 10) throws {
        switch address {
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
            try connect(&name, MemoryLayout<sockaddr_un>.size)
        case .tcp(let host, let port, _):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &name.sin_addr)
            try connect(&name, MemoryLayout<sockaddr_in>.size)
        }
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    private func connect(_ name: UnsafeMutableRawPointer, _ size: Int) throws {
        let address = name.assumingMemoryBound(to: sockaddr.self)
        guard CLinux.connect(descriptor, address, socklen_t(size)) == 0 else {
            throw Failure.connect(errno)
        }
    }

    deinit {
        // To close it is not enough: a child that is being started on another thread has a copy of
        // every descriptor until it runs its program.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Sends all bytes.
    package func send(_ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure.send(errno) }
            start += count
        }
    }

    /// Says that nothing more will be sent.
    package func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads the next record; nil at the end of the connection.
    package func nextRecord() throws -> Record? {
        guard try fill(8) else { return nil }
        let length = Int(received[4]) << 8 | Int(received[5])
        let whole = 8 + length + Int(received[6])
        guard try fill(whole) else { return nil }
        let record = Record(
            type: received[1],
            id: UInt16(received[2]) << 8 | UInt16(received[3]),
            content: Array(received[8..<8 + length])
        )
        received.removeFirst(whole)
        return record
    }

    /// Reads an answer up to its END_REQUEST or the end of the connection; nil if the connection
    /// ended without a byte of one.
    package func nextAnswer() throws -> Answer? {
        var output: [UInt8] = []
        var answer: Answer?
        while let record = try nextRecord() {
            if answer == nil { answer = Answer(id: record.id) }
            if record.type == 6 { output += record.content }
            if record.type == 3 {
                answer?.protocolStatus = record.content.count == 8 ? record.content[4] : 0xFF
                break
            }
        }
        guard var answer else { return nil }
        Self.parse(output, into: &answer)
        return answer
    }

    /// Sends a request and reads its answer.
    package func exchange(_ request: [UInt8]) throws -> Answer? {
        try send(request)
        return try nextAnswer()
    }

    /// Whether the server has closed the connection; waits for it.
    package func isClosedByServer() throws -> Bool {
        try !fill(received.count + 1)
    }

    private static func parse(_ output: [UInt8], into answer: inout Answer) {
        let separator = Array("\r\n\r\n".utf8)
        guard let end = output.indices.first(where: { output[$0...].starts(with: separator) })
        else {
            answer.body = output
            return
        }
        answer.body = Array(output[(end + 4)...])
        answer.fields = String(decoding: output[..<end], as: UTF8.self)
            .split(separator: "\r\n").map(String.init)
        let status = answer.field("Status")?.prefix { $0 != " " }
        answer.status = status.flatMap { Int($0) } ?? 200
    }

    /// Reads until so many bytes are there; false at the end of the connection.
    private func fill(_ count: Int) throws -> Bool {
        while received.count < count {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let got = recv(descriptor, &buffer, buffer.count, 0)
            if got > 0 {
                received += buffer[..<got]
            } else if got == 0 || errno == ECONNRESET || errno == EPIPE {
                return false
            } else {
                throw Failure.timedOut
            }
        }
        return true
    }
}
