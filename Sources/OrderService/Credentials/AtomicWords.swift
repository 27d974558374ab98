import Synchronization

/// A fixed number of 64-bit words that any thread reads and writes without a lock.
struct AtomicWords: ~Copyable, @unchecked Sendable {
    // Sendable because the pointer and the number of words never change, and what they point to
    // is only touched atomically until `deinit`, when no one else holds the value.
    private let base: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    /// Makes words that are all zero.
    init(count: Int) {
        precondition(count > 0, "there is a word at least")
        self.count = count
        base = .allocate(capacity: count)
        for index in 0..<count { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    subscript(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "no such word")
        return base[index].load(ordering: .acquiring)
    }

    func store(_ word: UInt64, at index: Int) {
        precondition(index >= 0 && index < count, "no such word")
        base[index].store(word, ordering: .releasing)
    }
}
