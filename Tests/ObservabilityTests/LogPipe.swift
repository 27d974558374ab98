import Glibc

@testable import Observability

/// A sink that writes into a pipe, and what comes out of it.
final class LogPipe: Sendable {
    let sink: LogSink
    private let reading: Int32
    private let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0, "the test has no descriptors left")
        (reading, writing) = (ends[0], ends[1])
        sink = LogSink(descriptor: ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// What is in the pipe now; the pipe must hold something, or this waits for it.
    func read() -> String {
        var bytes = [UInt8](repeating: 0, count: 1_048_576)
        let count = Glibc.read(reading, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    /// What is in the pipe now, or nothing.
    func readAvailable() -> String {
        var state = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) == 1 ? read() : ""
    }

    /// Flushes and reads what came.
    func flushed() -> String {
        sink.flush()
        return readAvailable()
    }
}
