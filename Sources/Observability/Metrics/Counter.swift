import Synchronization

/// A number that only grows: requests answered, calls refused.
///
/// Made by `MetricsRegistry.counter` and kept by whoever counts; raising it is one relaxed
/// atomic addition.
package final class Counter: Sendable {
    private let total = Atomic<UInt64>(0)

    init() {}

    package func increment(by amount: UInt64 = 1) {
        total.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: UInt64 {
        total.load(ordering: .relaxed)
    }
}
