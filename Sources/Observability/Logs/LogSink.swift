package import Dispatch
import Glibc
import Synchronization

/// Collects log lines by thread and writes them to a descriptor, many at a time.
///
/// A line costs its thread a copy and an uncontended lock. It is written when its thread has
/// collected 8 KB, 100 ms after it at the latest, or at `flush`; one write(2) takes all lines of
/// all threads. Lines of one thread stay in order. A thread never waits for the reader of the
/// descriptor, except in `flush`: when that is behind by a mebibyte, lines are dropped and counted.
package final class LogSink: Sendable {
    /// The sink of the process, on standard error; its thread starts at the first use.
    package static let standardError: LogSink = {
        let sink = LogSink(descriptor: STDERR_FILENO)
        sink.startFlushing(every: .milliseconds(100))
        return sink
    }()

    /// The lines of one thread that are not written yet.
    private final class ThreadBuffer: Sendable {
        let lines = Mutex(LogLine(reserving: LogSink.threadCapacity + 1_024))
        let isAbandoned = Atomic(false)
    }

    private struct Collection {
        var buffers: [ThreadBuffer] = []
        var bytes: [UInt8] = []
        var droppedLines: UInt64 = 0

        mutating func take(_ lines: inout LogLine) {
            guard bytes.count + lines.bytes.count <= LogSink.backlogLimit else {
                droppedLines += UInt64(lines.bytes.count { $0 == UInt8(ascii: "\n") })
                lines.drop()
                return
            }
            lines.move(to: &bytes)
        }
    }

    private static let threadCapacity = 8_192
    private static let backlogLimit = 1_048_576

    private let key: pthread_key_t
    private let collection = Mutex(Collection())
    // Held while writing, because writes above PIPE_BUF interleave on a pipe. Only the flushing
    // thread and callers of `flush` ever wait for it.
    private let output: Mutex<Int32>

    private let hasLines = Atomic(false)
    private let isStarted = Atomic(false)
    private let isStopped = Atomic(false)
    private let lineArrived = DispatchSemaphore(value: 0)
    private let bufferFilled = DispatchSemaphore(value: 0)
    private let threadEnded = DispatchSemaphore(value: 0)

    /// Makes a sink that writes only when `flush` is called, until `startFlushing`.
    package init(descriptor: Int32) {
        output = Mutex(descriptor)
        var key = pthread_key_t()
        let code = pthread_key_create(&key) { buffer in
            guard let buffer else { return }
            Unmanaged<ThreadBuffer>.fromOpaque(buffer).takeRetainedValue()
                .isAbandoned.store(true, ordering: .releasing)
        }
        precondition(code == 0, "the process has no thread-specific key left")
        self.key = key
    }

    deinit {
        pthread_key_delete(key)
    }

    /// Lines lost because the descriptor's reader was too slow, since the start.
    package var droppedLines: UInt64 {
        collection.withLock { $0.droppedLines }
    }

    /// Writes what all threads have collected; blocks the calling thread until it is written.
    package func flush() {
        output.withLock { descriptor in
            let bytes = collect()
            Self.write(bytes, to: descriptor)
        }
    }

    /// Writes a line into the calling thread's buffer; `body` must neither log nor wait.
    func write(_ body: (inout LogLine) -> Void) {
        let buffer = threadBuffer()
        let isFull = buffer.lines.withLock { lines in
            body(&lines)
            guard lines.bytes.count >= Self.threadCapacity else { return false }
            collection.withLock { $0.take(&lines) }
            return true
        }
        if isFull { bufferFilled.signal() }
        // A line appended after the flush of this round was missed by it only if the flag was
        // down by then: the buffer's lock orders the two.
        if !hasLines.load(ordering: .relaxed), !hasLines.exchange(true, ordering: .relaxed) {
            lineArrived.signal()
        }
    }

    /// Starts the thread that writes collected lines at most `interval` after they were logged;
    /// to be called once.
    ///
    /// The thread sleeps while nothing is logged, and lives until `stopFlushing`.
    package func startFlushing(every interval: DispatchTimeInterval) {
        let wasStarted = isStarted.exchange(true, ordering: .relaxed)
        precondition(!wasStarted, "a sink has one flushing thread")
        DetachedThread.start { [self] in
            while !isStopped.load(ordering: .acquiring) {
                lineArrived.wait()
                _ = bufferFilled.wait(timeout: .now() + interval)
                hasLines.store(false, ordering: .relaxed)
                flush()
            }
            threadEnded.signal()
        }
    }

    /// Ends the flushing thread; blocks the calling thread until the last lines are written.
    package func stopFlushing() {
        guard isStarted.load(ordering: .relaxed),
            !isStopped.exchange(true, ordering: .releasing)
        else { return }
        bufferFilled.signal()
        lineArrived.signal()
        threadEnded.wait()
    }

    private func threadBuffer() -> ThreadBuffer {
        if let known = pthread_getspecific(key) {
            return Unmanaged<ThreadBuffer>.fromOpaque(known).takeUnretainedValue()
        }
        let buffer = ThreadBuffer()
        pthread_setspecific(key, Unmanaged.passRetained(buffer).toOpaque())
        collection.withLock { $0.buffers.append(buffer) }
        return buffer
    }

    private func collect() -> [UInt8] {
        let buffers = collection.withLock { $0.buffers }
        // Asked before their lines are taken: what is abandoned by then gets no more of them.
        let abandoned = buffers.filter { $0.isAbandoned.load(ordering: .acquiring) }
        for buffer in buffers {
            buffer.lines.withLock { lines in
                guard !lines.bytes.isEmpty else { return }
                collection.withLock { $0.take(&lines) }
            }
        }
        return collection.withLock { collection in
            if !abandoned.isEmpty {
                collection.buffers.removeAll { buffer in abandoned.contains { $0 === buffer } }
            }
            defer { collection.bytes = [] }
            return collection.bytes
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let chunk = UnsafeRawBufferPointer(rebasing: rest)
                let count = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, 1_000)
                } else if errno != EINTR {
                    // There is nowhere left to say that the log cannot be written.
                    return
                }
            }
        }
    }
}
