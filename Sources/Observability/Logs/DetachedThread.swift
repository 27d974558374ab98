import Glibc

/// Threads of this module's own, which nobody waits for.
enum DetachedThread {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Runs `body` on a new thread that receives no signals; the corresponding C function is
    /// `pthread_create`.
    static func start(_ body: @escaping @Sendable () -> Void) {
        var everything = sigset_t()
        var previous = sigset_t()
        sigfillset(&everything)
        // The new thread inherits the mask: a signal meant for the process must not end up here.
        pthread_sigmask(SIG_SETMASK, &everything, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }

        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread,
            nil,
            { work in
                guard let work else { return nil }
                Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
                return nil
            },
            work.toOpaque()
        )
        guard code == 0 else {
            work.release()
            preconditionFailure("the process cannot start a thread: \(code)")
        }
        pthread_detach(thread)
    }
}
