/// What a look-up cache stores: an envelope followed by the answer's ready JSON.
///
/// The envelope is `1|<order version>|<owner>|`; the owner is a user's id, or empty for a guest's
/// order. So a hit is authorised and sent without decoding what it carries.
package struct CacheEntry: Sendable {
    package let version: Int64
    package let owner: ArraySlice<UInt8>
    package let body: ArraySlice<UInt8>

    package init(version: Int64, owner: String?, body: [UInt8]) {
        self.version = version
        self.owner = Array((owner ?? "").utf8)[...]
        self.body = body[...]
    }

    /// Reads a stored value; nil if it has another format, which is a miss.
    package init?(stored: [UInt8]) {
        var reader = FieldReader(stored[...])
        guard reader.number() == 1, let version = reader.number(), let owner = reader.field()
        else { return nil }
        self.version = version
        self.owner = owner
        body = reader.rest
    }

    package var stored: [UInt8] {
        var value = Array("1|\(version)|".utf8)
        value.reserveCapacity(value.count + owner.count + 1 + body.count)
        value += owner
        value.append(UInt8(ascii: "|"))
        value += body
        return value
    }
}
