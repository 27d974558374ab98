import Testing

@testable import MariaDB

@Suite("Least recently used cache")
struct LeastRecentlyUsedTests {
    @Test("gives up the entry used longest ago")
    func evicts() {
        var cache = LeastRecentlyUsed<String, Int>(limit: 2)
        cache.insert(1, for: "a")
        cache.insert(2, for: "b")
        #expect(cache.value(for: "a") == 1)
        cache.insert(3, for: "c")
        #expect(cache.value(for: "b") == nil)
        #expect(cache.value(for: "a") == 1)
        #expect(cache.value(for: "c") == 3)
        cache.insert(4, for: "a")
        #expect(cache.count == 2)
    }
}
