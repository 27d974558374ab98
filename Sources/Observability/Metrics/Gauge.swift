import Synchronization

/// A count that goes up and down: connections open, jobs waiting.
///
/// What another type knows already, such as a pool's use, is better read at scrape by a gauge
/// registered with a closure.
package final class Gauge: Sendable {
    private let current = Atomic<Int>(0)

    init() {}

    package func set(_ value: Int) {
        current.store(value, ordering: .relaxed)
    }

    package func add(_ difference: Int = 1) {
        current.wrappingAdd(difference, ordering: .relaxed)
    }

    package func subtract(_ difference: Int = 1) {
        current.wrappingSubtract(difference, ordering: .relaxed)
    }

    package var value: Int {
        current.load(ordering: .relaxed)
    }
}
