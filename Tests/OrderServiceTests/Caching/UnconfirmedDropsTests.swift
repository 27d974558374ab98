import Testing

@testable import OrderService

@Suite("Drops that Redis has not confirmed") struct UnconfirmedDropsTests {
    private let start = ContinuousClock.now
    private let one: [[UInt8]] = [[1]]
    private let two: [[UInt8]] = [[2]]

    @Test("are kept until a repetition was confirmed")
    func repetition() {
        var drops = UnconfirmedDrops()
        #expect(drops.isEmpty)
        let isLate = drops.add(one, at: start)
        #expect(!isLate && !drops.isEmpty && drops.keys == [[1]])
        // Another one fails while the first is repeated.
        let isLater = drops.add(two, at: start + .milliseconds(100))
        #expect(!isLater)
        drops.confirm(one, sentAt: drops.mark)
        #expect(drops.keys == [[2]] && !drops.isEmpty)
        drops.confirm(two, sentAt: drops.mark)
        #expect(drops.isEmpty)
    }

    /// Whether each of these moments, in ms, at which nothing was confirmed was too late.
    private func areLate(_ drops: inout UnconfirmedDrops, _ moments: [Int]) -> [Bool] {
        moments.map { drops.add(one, at: start + .milliseconds($0)) }
    }

    @Test("are too old from the first that failed on, not from the last")
    func patience() {
        var drops = UnconfirmedDrops()
        #expect(areLate(&drops, [0, 399, 400]) == [false, false, true])
        // Who believes nothing more repeats it for those who do, and is patient again.
        #expect(!drops.isEmpty && drops.keys == [[1]])
        #expect(areLate(&drops, [500]) == [false])
        drops.confirm(one, sentAt: drops.mark)
        #expect(drops.isEmpty)
        #expect(areLate(&drops, [9_000]) == [false])
    }

    @Test("are so many at most")
    func most() {
        var drops = UnconfirmedDrops()
        let keys = (0..<UnconfirmedDrops.most).map { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let results = [keys, keys, one].map { drops.add($0, at: start) }
        #expect(results == [false, false, true] && drops.isEmpty)
    }

    @Test("stay if they were noted after what is confirmed was sent")
    func later() {
        var drops = UnconfirmedDrops()
        _ = drops.add(one, at: start)
        drops.add(leasesOf: one)
        let sent = drops.mark
        // Two more changes, of which nobody knows whether they came through.
        _ = drops.add(one, at: start + .milliseconds(1))
        drops.add(leasesOf: one)
        drops.confirm(one, sentAt: sent)
        #expect(drops.keys == [[1]] && drops.leased == [[1]])
        drops.confirm(one, sentAt: drops.mark)
        #expect(drops.isEmpty)
    }

    @Test("of leases are no reason not to believe Redis, however many")
    func leases() {
        var drops = UnconfirmedDrops()
        let keys = (0..<UnconfirmedDrops.mostLeases).map { [UInt8($0 >> 8), UInt8($0 & 255)] }
        drops.add(leasesOf: keys)
        #expect(drops.leased.count == keys.count && !drops.isEmpty && drops.keys.isEmpty)
        // They run out.
        drops.add(leasesOf: [[1, 2, 3]])
        #expect(drops.leased.count == keys.count)
        #expect(areLate(&drops, [500]) == [false])
        drops.confirm(keys + one, sentAt: drops.mark)
        #expect(drops.isEmpty)
    }
}
