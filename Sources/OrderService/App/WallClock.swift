package import MariaDB
import Resilience
import Synchronization

/// The time of day, as everything that is stored or shown sees it.
///
/// Waiting and deadlines use the monotonic clock instead; this one may be moved and stopped by tests.
package final class WallClock: Sendable {
    private let offsetMicroseconds = Atomic<Int64>(0)
    /// When it was stopped, in microseconds; zero while it runs.
    private let stoppedMicroseconds = Atomic<Int64>(0)

    package init() {}

    package var now: Timestamp {
        let stopped = stoppedMicroseconds.load(ordering: .relaxed)
        return Timestamp(
            microseconds: (stopped == 0 ? Timestamp.now.microseconds : stopped)
                + offsetMicroseconds.load(ordering: .relaxed)
        )
    }

    /// Lets no time pass but by ``advance(by:)``, so that what takes long on a busy machine makes no
    /// difference.
    package func stop(at time: Timestamp = .now) {
        stoppedMicroseconds.store(time.microseconds, ordering: .relaxed)
    }

    /// Moves the clock forward.
    package func advance(by duration: Duration) {
        offsetMicroseconds.add(duration.wholeMilliseconds * 1_000, ordering: .relaxed)
    }
}

extension Timestamp {
    /// How far this time lies ahead of `earlier`; zero if it does not.
    package func distance(from earlier: Timestamp) -> Duration {
        max(.zero, self - earlier)
    }
}
