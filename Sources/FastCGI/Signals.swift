import CLinux
import Glibc

/// The process's signals: blocked on every thread, waited for on one.
package enum Signals {
    package enum Signal: Sendable {
        case terminate
        case interrupt
        case hangUp
    }

    /// Blocks SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE, on this thread and all later ones.
    ///
    /// Called first thing in the process: a thread that exists already would still be interrupted.
    package static func block() {
        signal(SIGPIPE, SIG_IGN)
        var set = handled
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Blocks the calling thread until one of the signals arrives.
    package static func wait() -> Signal {
        var set = handled
        while true {
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0 else { continue }
            switch number {
            case SIGTERM: return .terminate
            case SIGINT: return .interrupt
            case SIGHUP: return .hangUp
            default: continue
            }
        }
    }

    private static var handled: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        return set
    }
}
