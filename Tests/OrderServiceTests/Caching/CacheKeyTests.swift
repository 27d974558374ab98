import Redis
import Testing

@testable import OrderService

@Suite("Keys of cache entries") struct CacheKeyTests {
    @Test(
        "are the same in a command about many as by themselves",
        arguments: [0, 1, 9, 10, 99, 20_001, .max, -1, .min] as [Int64]
    )
    func numbers(id: Int64) {
        for name in [CacheName.orderSummaries, .session] {
            var (written, whole) = ([] as [UInt8], [] as [UInt8])
            name.argument(id).appendBulkString(to: &written)
            name.key(id).appendBulkString(to: &whole)
            #expect(written == whole)
        }
    }
}
