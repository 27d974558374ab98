import Signing
import Web

/// What came of trying to answer a request on the worker, with one trip to Redis.
enum QuickLook: Sendable {
    case answer(Response)
    /// The cache lacks what is asked for, but has told who asks.
    case missing(Lead)
    /// Anything else: the lanes begin from the beginning.
    case nothing

    /// What a lane need not find out again.
    struct Lead: Sendable {
        /// A session or guest's access that has not expired.
        let principal: Principal
        /// Of its token; it may be revoked while the request waits for a lane.
        let tokenHash: Digest
    }

    var lead: Lead? {
        if case .missing(let lead) = self { lead } else { nil }
    }
}
