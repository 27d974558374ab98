/// What a look-up cache stores: an envelope followed by the answer's ready JSON.
///
/// The envelope is `2|<order version>|<owner>|<length>|<fragment>`; the owner is a user's id, or empty
/// for a guest's order; the fragment is a shorter ready JSON that goes into answers about many orders,
/// or empty. So a hit is authorised and sent without decoding what it carries. That there is nothing is
/// told by version 0 and an empty body.
package struct CacheEntry: Sendable {
    package let version: Int64
    /// The envelope and what follows it, in one piece.
    package let stored: [UInt8]
    private let ownerRange: Range<Int>
    private let bodyStart: Int
    private let fragmentStart: Int

    package var owner: ArraySlice<UInt8> { stored[ownerRange] }
    package var fragment: ArraySlice<UInt8> { stored[fragmentStart..<bodyStart] }
    package var body: ArraySlice<UInt8> { stored[bodyStart...] }

    package init(version: Int64, owner: String?, fragment: [UInt8] = [], body: [UInt8]) {
        let owner = owner ?? ""
        var stored = Array("2|\(version)|".utf8)
        stored.reserveCapacity(
            stored.count + owner.utf8.count + 8 + fragment.count + body.count
        )
        let ownerStart = stored.count
        stored += owner.utf8
        ownerRange = ownerStart..<stored.count
        stored += "|\(fragment.count)|".utf8
        fragmentStart = stored.count
        stored += fragment
        bodyStart = stored.count
        stored += body
        self.version = version
        self.stored = stored
    }

    /// Reads a stored value; nil if it has another format, which is a miss.
    package init?(stored: [UInt8]) {
        var reader = FieldReader(stored)
        guard reader.number() == 2, let version = reader.number(), let owner = reader.field(),
            let length = reader.number(), length <= stored.count - reader.position
        else { return nil }
        self.version = version
        self.stored = stored
        ownerRange = owner
        fragmentStart = reader.position
        bodyStart = fragmentStart + Int(length)
    }

    /// Reads the body, where that is fields as well.
    var bodyReader: FieldReader { FieldReader(stored, from: bodyStart) }

    /// What says that there is nothing under a key.
    static let absent = CacheEntry(version: 0, owner: nil, body: [])

    var isAbsent: Bool { version == 0 && bodyStart == stored.count }

    /// The entry; nil if it says that there is nothing.
    var ifPresent: CacheEntry? { isAbsent ? nil : self }

    /// The owner as a user's id; nil of a guest's order.
    var userID: String? {
        ownerRange.isEmpty ? nil : String(decoding: owner, as: UTF8.self)
    }
}
