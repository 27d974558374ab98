import Dispatch
import Glibc
import Testing

@testable import Observability

@Suite("Log sink") struct LogSinkTests {
    private let pipe = LogPipe()

    private func write(_ text: String, to sink: LogSink) {
        sink.write { line in
            line.begin(time: LogTime(millisecondsSince1970: 0), level: "info")
            line.field("message", text)
            line.end()
        }
    }

    @Test("collects the lines of all threads, also of those that have ended")
    func threads() async {
        let sink = pipe.sink
        await OwnThreads.run(6) { [self] thread in
            for number in 0..<50 { write("\(thread)-\(number)", to: sink) }
        }
        let lines = pipe.flushed().split(separator: "\n")
        #expect(lines.count == 300)
        for thread in 0..<6 {
            let own = lines.compactMap { line -> Substring? in
                guard let start = line.firstRange(of: "\"message\":\"\(thread)-") else {
                    return nil
                }
                return line[start.upperBound...].dropLast(2)
            }
            #expect(own == (0..<50).map { Substring(String($0)) })
        }
        #expect(pipe.flushed() == "")
    }

    @Test("writes without being asked once it runs its thread")
    func background() async {
        let pipe = pipe
        pipe.sink.startFlushing(every: .milliseconds(1))
        await OwnThreads.run { [self] _ in
            write("first", to: pipe.sink)
            #expect(pipe.read().contains("first"))
            write("second", to: pipe.sink)
            #expect(pipe.read().contains("second"))
            pipe.sink.stopFlushing()
        }
    }

    @Test("writes a full buffer before its time")
    func fullBuffer() async {
        let pipe = pipe
        pipe.sink.startFlushing(every: .seconds(86_400))
        await OwnThreads.run { [self] _ in
            for _ in 0..<10 { write(String(repeating: "x", count: 1_000), to: pipe.sink) }
            #expect(!pipe.read().isEmpty)
            pipe.sink.stopFlushing()
        }
    }

    @Test("drops and counts lines that no one has read")
    func backlog() {
        let sink = pipe.sink
        for _ in 0..<2_000 { write(String(repeating: "x", count: 1_000), to: sink) }
        let lost = sink.droppedLines
        #expect(lost > 0 && lost < 2_000)
    }

    @Test("writes a backlog larger than the pipe whole")
    func partialWrites() async {
        let pipe = pipe
        for _ in 0..<500 { write(String(repeating: "x", count: 1_000), to: pipe.sink) }
        await OwnThreads.run(2) { thread in
            if thread == 0 {
                pipe.sink.flush()
            } else {
                var count = 0
                while count < 500 { count += pipe.read().count { $0 == "\n" } }
                #expect(count == 500)
            }
        }
        #expect(pipe.sink.droppedLines == 0)
    }
}
