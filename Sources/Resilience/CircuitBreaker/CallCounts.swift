/// Calls that have ended, by how they did.
package struct CallCounts: Sendable, Equatable {
    package var calls = 0
    package var failed = 0
    package var slow = 0
    package var slowFailed = 0

    static func += (sum: inout CallCounts, counts: CallCounts) {
        sum.calls += counts.calls
        sum.failed += counts.failed
        sum.slow += counts.slow
        sum.slowFailed += counts.slowFailed
    }

    static func -= (sum: inout CallCounts, counts: CallCounts) {
        sum.calls -= counts.calls
        sum.failed -= counts.failed
        sum.slow -= counts.slow
        sum.slowFailed -= counts.slowFailed
    }

    mutating func add(_ call: EndedCall) {
        calls += 1
        if call.hasFailed { failed += 1 }
        if call.wasSlow { slow += 1 }
        if call.hasFailed && call.wasSlow { slowFailed += 1 }
    }

    mutating func remove(_ call: EndedCall) {
        calls -= 1
        if call.hasFailed { failed -= 1 }
        if call.wasSlow { slow -= 1 }
        if call.hasFailed && call.wasSlow { slowFailed -= 1 }
    }

    /// Failed calls in percent, in single precision: `failed * 100 / calls`.
    package var failureRate: Float { Float(failed) * 100 / Float(calls) }

    /// Slow calls in percent, in single precision: `slow * 100 / calls`.
    package var slowRate: Float { Float(slow) * 100 / Float(calls) }
}

/// How a call ended, as a window keeps it: two bits.
struct EndedCall {
    let bits: UInt8

    init(hasFailed: Bool, wasSlow: Bool) {
        bits = (hasFailed ? 1 : 0) | (wasSlow ? 2 : 0)
    }

    init(bits: UInt8) {
        self.bits = bits
    }

    var hasFailed: Bool { bits & 1 != 0 }
    var wasSlow: Bool { bits & 2 != 0 }
}
