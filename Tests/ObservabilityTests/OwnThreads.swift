import Glibc
import Synchronization

/// Threads of a test's own: tests share two cooperative threads, which must not block.
enum OwnThreads {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Runs `body` on `count` threads at once and returns when all have ended.
    static func run(_ count: Int = 1, _ body: @escaping @Sendable (Int) -> Void) async {
        await withCheckedContinuation { continuation in
            let unfinished = Shared(count)
            for index in 0..<count {
                start {
                    body(index)
                    if unfinished.decrement() == 0 { continuation.resume() }
                }
            }
        }
    }

    private final class Shared: Sendable {
        private let value: Atomic<Int>

        init(_ value: Int) {
            self.value = Atomic(value)
        }

        func decrement() -> Int {
            value.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { work in
                guard let work else { return nil }
                Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
                return nil
            },
            Unmanaged.passRetained(Work(body)).toOpaque()
        )
        precondition(code == 0, "the test cannot start a thread")
        pthread_detach(thread)
    }
}
