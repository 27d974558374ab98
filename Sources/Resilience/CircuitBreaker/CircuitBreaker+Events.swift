import Dispatch
import Synchronization

extension CircuitBreaker.State {
    /// Whether somebody has to take the events out; true for one at a time.
    mutating func startsDelivery() -> Bool {
        guard !isDelivering, !machine.events.isEmpty else { return false }
        isDelivering = true
        return true
    }
}

extension CircuitBreaker {
    /// Has the events delivered on the queue, in order.
    func deliver() {
        queue.async { @Sendable [self] in
            while true {
                let events = state.withLock { state -> [CircuitBreakerEvent] in
                    let events = state.machine.events.takeAll()
                    if events.isEmpty { state.isDelivering = false }
                    return events
                }
                guard !events.isEmpty else { return }
                for event in events { hand(event) }
            }
        }
    }

    private func hand(_ event: CircuitBreakerEvent) {
        for consumer in consumers {
            do {
                try consumer(name, event)
            } catch {
                state.withLock { $0.failedDeliveries += 1 }
            }
        }
    }

    /// Blocks until all events so far are delivered, or until `deadline`.
    ///
    /// - Returns: whether they are.
    package func waitForDelivery(until deadline: Deadline) -> Bool {
        let group = DispatchGroup()
        queue.async(group: group) { @Sendable in }
        return group.wait(timeout: .now() + deadline.remaining.dispatchInterval) == .success
    }

    /// Events that no consumer got: those thrown at, and those lost while one blocked.
    package var undelivered: (failed: Int64, lost: Int64) {
        state.withLock { ($0.failedDeliveries, $0.machine.events.lost) }
    }
}
