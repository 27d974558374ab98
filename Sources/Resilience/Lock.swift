import Glibc

/// A value that one thread at a time may use, behind the C library's mutex.
///
/// Where more threads than cores want it, `Synchronization.Mutex` costs more: it spins, which cannot
/// help while the thread that holds it waits for a core, and then hands over in the kernel from one
/// thread to the next (`FUTEX_LOCK_PI`). It was an eighth of the time of look-ups without a cache.
package struct Lock<Value>: ~Copyable, @unchecked Sendable {
    // Sendable because the value is reached under the mutex alone.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        defer { pthread_mutexattr_destroy(&attributes) }
        // So that a thread which would wait for itself for ever ends the process instead.
        pthread_mutexattr_settype(&attributes, CInt(PTHREAD_MUTEX_ERRORCHECK))
        let status = pthread_mutex_init(mutex, &attributes)
        precondition(status == 0, "a mutex cannot be made: \(status)")
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the value, while no other thread has it; not from within another `body` of it.
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        let status = pthread_mutex_lock(mutex)
        precondition(status == 0, "a mutex cannot be locked: \(status)")
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}
