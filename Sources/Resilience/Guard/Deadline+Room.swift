extension Deadline {
    /// A little earlier, so that I/O that keeps it can still say how it ended: a tenth of the
    /// time left, 20 ms at most.
    var withRoomForAnswer: Deadline {
        Deadline(instant - min(remaining / 10, .milliseconds(20)))
    }
}
