import Resilience
import Signing

/// Whose the sessions are that were used last, so that what a user has in a cache can be asked for
/// together with the session.
///
/// A token is one user's for ever. All the same it is only a guess: whoever asks by it compares it with
/// the session.
final class SessionHolders: Sendable {
    private struct Holder {
        let tokenHash: Digest
        let userID: String
    }

    /// As many sessions are known at most; of two with one place, the later one.
    private static let places = 8_192

    private let holders = Lock([Holder?](repeating: nil, count: places))

    func userID(of tokenHash: Digest) -> String? {
        let holder = holders.withLock { $0[Self.place(of: tokenHash)] }
        return holder?.tokenHash == tokenHash ? holder?.userID : nil
    }

    func note(_ tokenHash: Digest, of userID: String) {
        let place = Self.place(of: tokenHash)
        holders.withLock { $0[place] = Holder(tokenHash: tokenHash, userID: userID) }
    }

    private static func place(of tokenHash: Digest) -> Int {
        Int(truncatingIfNeeded: tokenHash[word: 0]) & (places - 1)
    }
}
