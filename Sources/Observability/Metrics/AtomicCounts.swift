import Synchronization

/// A fixed number of counts, each of which any thread may raise without a lock.
struct AtomicCounts: ~Copyable, @unchecked Sendable {
    // Sendable because the pointer and the number of counts never change, and what they point to
    // is only touched atomically until `deinit`, when no one else holds the value.
    private let base: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    init(count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        for index in 0..<count { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    func add(_ amount: UInt64, at index: Int) {
        precondition(index >= 0 && index < count, "no such count")
        base[index].wrappingAdd(amount, ordering: .relaxed)
    }

    subscript(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "no such count")
        return base[index].load(ordering: .relaxed)
    }
}
