package import MariaDB
import Resilience
import Synchronization

/// The time of day, as everything that is stored or shown sees it.
///
/// Waiting and deadlines use the monotonic clock instead; this one may be moved by tests.
package final class WallClock: Sendable {
    private let offsetMicroseconds = Atomic<Int64>(0)

    package init() {}

    package var now: Timestamp {
        Timestamp(
            microseconds: Timestamp.now.microseconds
                + offsetMicroseconds.load(ordering: .relaxed)
        )
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
