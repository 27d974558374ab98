import MariaDB
import Signing

/// The uses of guests' tokens that are not written down yet, as a value: one of a token and a route
/// in each minute of the clock.
struct GuestAccessBuffer: Sendable {
    /// Entries that wait at most, for instance while MariaDB is away.
    static let entryLimit = 10_000

    /// Pairs of token and route that a minute remembers at most.
    static let pairLimit = 50_000

    private struct Pair: Hashable {
        let tokenHash: Digest
        let route: String
    }

    private var minute = Int64.min
    private var seen: Set<Pair> = []
    private(set) var entries: [GuestAccessEntry] = []

    /// Entries that found no room since the start.
    private(set) var dropped = 0

    /// Whether a use is the first of its token and route in its minute; the next ones are not.
    mutating func isFirst(_ tokenHash: Digest, _ route: String, at now: Timestamp) -> Bool {
        if now.minute != minute {
            minute = now.minute
            seen.removeAll(keepingCapacity: true)
        }
        let pair = Pair(tokenHash: tokenHash, route: route)
        guard !seen.contains(pair) else { return false }
        guard seen.count < Self.pairLimit else {
            dropped += 1
            return false
        }
        seen.insert(pair)
        return true
    }

    mutating func append(_ entry: GuestAccessEntry) {
        guard entries.count < Self.entryLimit else {
            dropped += 1
            return
        }
        entries.append(entry)
    }

    /// Takes the oldest entries out.
    mutating func take(limit: Int) -> [GuestAccessEntry] {
        let taken = Array(entries.prefix(limit))
        entries.removeFirst(taken.count)
        return taken
    }

    /// Puts entries back that could not be written; the newest go if there is no room.
    mutating func putBack(_ taken: [GuestAccessEntry]) {
        entries.insert(contentsOf: taken, at: 0)
        let excess = max(0, entries.count - Self.entryLimit)
        entries.removeLast(excess)
        dropped += excess
    }
}
