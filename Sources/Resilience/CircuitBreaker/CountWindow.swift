/// The last calls, a fixed number of them.
struct CountWindow: Sendable {
    private(set) var counts = CallCounts()
    private var ring: [UInt8]
    private var next = 0

    /// Makes an empty window of `size` calls; one of size 0 stays empty.
    init(size: Int) {
        ring = Array(repeating: 0, count: size)
    }

    mutating func record(_ call: EndedCall) {
        guard !ring.isEmpty else { return }
        if counts.calls == ring.count { counts.remove(EndedCall(bits: ring[next])) }
        ring[next] = call.bits
        counts.add(call)
        next += 1
        if next == ring.count { next = 0 }
    }
}
