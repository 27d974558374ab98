import Web

/// What came of trying to answer a request on the worker, with one trip to Redis.
enum QuickLook: Sendable {
    case answer(Response)
    /// An answer to somebody of the staff, who gets it once the look at the order is on record. The
    /// session may be revoked meanwhile.
    case onRecord(Response, askedBy: Session, about: OwnedOrder)
    /// The cache lacks what is asked for, but has told who asks: a session or guest's access that has
    /// not expired. It may be revoked while the request waits for a lane.
    case missing(askedBy: Principal)
    /// The caches have told who asks, as with `missing`, and a part of the answer, from which a lane
    /// goes on.
    case begun(askedBy: Principal, goOn: @Sendable (Context) throws -> Response)
    /// Anything else: the lanes begin from the beginning.
    case nothing
}

extension QuickLook {
    /// Who asks, as the caches tell, where a lane has to answer; it may have ended since.
    var askedBy: Principal? {
        switch self {
        case .missing(let principal), .begun(let principal, _): principal
        case .answer, .onRecord, .nothing: nil
        }
    }
}
