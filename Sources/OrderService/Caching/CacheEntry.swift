/// What a look-up cache stores: an envelope followed by the answer's ready JSON.
///
/// The envelope is `2|<order version>|<owner>|<length>|<fragment>`; the owner is a user's id, or empty
/// for a guest's order; the fragment is a shorter ready JSON that goes into answers about many orders,
/// or empty. So a hit is authorised and sent without decoding what it carries. That there is nothing is
/// told by version 0 and an empty body.
package struct CacheEntry: Sendable {
    package let version: Int64
    package let owner: ArraySlice<UInt8>
    package let fragment: ArraySlice<UInt8>
    package let body: ArraySlice<UInt8>

    package init(version: Int64, owner: String?, fragment: [UInt8] = [], body: [UInt8]) {
        self.version = version
        self.owner = Array((owner ?? "").utf8)[...]
        self.fragment = fragment[...]
        self.body = body[...]
    }

    /// Reads a stored value; nil if it has another format, which is a miss.
    package init?(stored: [UInt8]) {
        var reader = FieldReader(stored[...])
        guard reader.number() == 2, let version = reader.number(), let owner = reader.field(),
            let length = reader.number(), length <= reader.rest.count
        else { return nil }
        self.version = version
        self.owner = owner
        fragment = reader.rest.prefix(Int(length))
        body = reader.rest.dropFirst(Int(length))
    }

    /// What says that there is nothing under a key.
    static let absent = CacheEntry(version: 0, owner: nil, body: [])

    var isAbsent: Bool { version == 0 && body.isEmpty }

    /// The entry; nil if it says that there is nothing.
    var ifPresent: CacheEntry? { isAbsent ? nil : self }

    /// The owner as a user's id; nil of a guest's order.
    var userID: String? {
        owner.isEmpty ? nil : String(decoding: owner, as: UTF8.self)
    }

    package var stored: [UInt8] {
        var value = Array("2|\(version)|".utf8)
        value.reserveCapacity(value.count + owner.count + 8 + fragment.count + body.count)
        value += owner
        value += "|\(fragment.count)|".utf8
        value += fragment
        value += body
        return value
    }
}
