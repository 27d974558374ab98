import Testing

@testable import OrderService

@Suite("Leases of others that are waited for") struct LeaseWaitsTests {
    private let start = ContinuousClock.now
    private let waits = LeaseWaits(life: .seconds(10))

    @Test("are not waited for again for as long as they may live, once it was in vain")
    func inVain() {
        #expect(waits.begin([1], at: start))
        waits.end([1], isVain: true, at: start)
        #expect(!waits.begin([1], at: start + .milliseconds(9_999)))
        #expect(waits.begin([2], at: start))
        waits.end([2], isVain: false, at: start)
        #expect(waits.begin([2], at: start))
        waits.end([2], isVain: false, at: start)
        #expect(waits.begin([1], at: start + .seconds(10)))
        waits.end([1], isVain: false, at: start + .seconds(10))
        #expect(waits.begin([1], at: start + .seconds(10)))
    }

    @Test("hold up so many lanes at most")
    func most() {
        for number in 0..<LeaseWaits.mostWaiting {
            #expect(waits.begin([UInt8(number)], at: start))
        }
        #expect(!waits.begin([99], at: start))
        waits.end([0], isVain: true, at: start)
        #expect(waits.begin([99], at: start))
    }

    @Test("are remembered up to a number, and forgotten when they have run out")
    func memory() {
        func fail(_ key: [UInt8], at moment: ContinuousClock.Instant) {
            #expect(waits.begin(key, at: moment))
            waits.end(key, isVain: true, at: moment)
        }
        for number in 0..<LeaseWaits.mostVain {
            fail([UInt8(number >> 8), UInt8(number & 255)], at: start)
        }
        fail([9], at: start)
        fail([9], at: start)
        fail([9], at: start + .seconds(10))
        #expect(!waits.begin([9], at: start + .seconds(10)))
    }
}
