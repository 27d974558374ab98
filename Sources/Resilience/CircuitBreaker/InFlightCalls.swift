/// The calls that hold a permit, oldest first.
///
/// A list threaded through an array: entering and leaving are a few stores, and memory is taken
/// only when more calls are in flight at once than ever before.
struct InFlightCalls: Sendable {
    /// Where a call stands; the ticket tells it from a later call at the same place.
    struct Place: Sendable, Equatable {
        fileprivate let slot: Int32
        fileprivate let ticket: UInt64

        /// Of a call that is not watched.
        static let none = Place(slot: -1, ticket: 0)
    }

    private struct Slot {
        var ticket: UInt64 = 0
        var start = MonotonicTime.never
        var previous: Int32 = -1
        var next: Int32 = -1
        var isOverdue = false
    }

    private var slots: [Slot] = []
    private var free: Int32 = -1
    private var oldest: Int32 = -1
    private var newest: Int32 = -1
    // The oldest call that is not overdue yet.
    private var watched: Int32 = -1
    private var lastTicket: UInt64 = 0

    private(set) var count = 0

    /// Calls that `markOverdue` has found and that have not left.
    private(set) var overdue = 0

    /// When the oldest call began.
    var earliestStart: MonotonicTime? {
        oldest < 0 ? nil : slots[Int(oldest)].start
    }

    /// Adds a call that begins now, not before any other.
    mutating func enter(at start: MonotonicTime) -> Place {
        let slot: Int32
        if free >= 0 {
            slot = free
            free = slots[Int(slot)].next
        } else {
            slot = Int32(slots.count)
            slots.append(Slot())
        }
        lastTicket += 1
        slots[Int(slot)] = Slot(ticket: lastTicket, start: start, previous: newest)
        if newest >= 0 { slots[Int(newest)].next = slot } else { oldest = slot }
        if watched < 0 { watched = slot }
        newest = slot
        count += 1
        return Place(slot: slot, ticket: lastTicket)
    }

    /// Takes a call out.
    ///
    /// - Returns: false if it has been taken out before.
    mutating func leave(_ place: Place) -> Bool {
        guard place.slot >= 0, Int(place.slot) < slots.count,
            slots[Int(place.slot)].ticket == place.ticket
        else { return false }
        remove(place.slot)
        return true
    }

    /// Takes the oldest call out.
    mutating func leaveOldest() {
        guard oldest >= 0 else { return }
        remove(oldest)
    }

    /// Takes all calls out.
    mutating func leaveAll() {
        while oldest >= 0 { remove(oldest) }
    }

    /// Notes which calls began more than `limit` nanoseconds ago.
    mutating func markOverdue(at now: MonotonicTime, limit: Int64) {
        while watched >= 0 {
            let slot = Int(watched)
            guard now.nanoseconds - slots[slot].start.nanoseconds > limit else { return }
            slots[slot].isOverdue = true
            overdue += 1
            watched = slots[slot].next
        }
    }

    private mutating func remove(_ index: Int32) {
        let slot = slots[Int(index)]
        if slot.previous >= 0 {
            slots[Int(slot.previous)].next = slot.next
        } else {
            oldest = slot.next
        }
        if slot.next >= 0 {
            slots[Int(slot.next)].previous = slot.previous
        } else {
            newest = slot.previous
        }
        if watched == index { watched = slot.next }
        if slot.isOverdue { overdue -= 1 }
        slots[Int(index)] = Slot(next: free)
        free = index
        count -= 1
    }
}
