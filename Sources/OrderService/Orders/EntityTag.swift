import Signing
import Web

/// Entity tags of look-ups: `"<id>-<version>"` of an order or an invoice, with `-staff` behind it where
/// staff are told more than its owner, `"h-<digest>"` of what has no version, such as a page of a history.
enum EntityTag {
    static func text(orderID: Int64, version: Int64) -> String { "\"\(orderID)-\(version)\"" }

    static func text(staff orderID: Int64, version: Int64) -> String {
        "\"\(orderID)-\(version)-staff\""
    }

    static func text(invoice publicID: String, version: Int64) -> String {
        "\"\(publicID)-\(version)\""
    }

    static func text(page digest: Int64) -> String { "\"h-\(digest)\"" }

    /// Checks what `If-Match` wants of something that is about to be changed.
    ///
    /// Tags are compared as they stand, so a weak one fits nothing: RFC 9110, section 13.1.1.
    ///
    /// - Parameters:
    ///   - header: the field; nil if it was not sent.
    ///   - tags: those under which the present version is shown.
    /// - Throws: a `Problem` with 412 where it names none of them.
    static func check(ifMatch header: String?, is tags: String...) throws(Problem) {
        guard let header, header.trimmed != "*" else { return }
        let wanted = header.split(separator: ",").map { String($0).trimmed }
        guard tags.contains(where: wanted.contains) else { throw .versionConflict }
    }

    /// The version that `If-None-Match` names of this order; nil if it names none.
    static func version(in request: Request, orderID: Int64) -> Int64? {
        tags(in: request).compactMap { tag -> Int64? in
            let parts = tag.split(separator: "-")
            guard parts.count == 2, Int64(parts[0]) == orderID else { return nil }
            return Int64(parts[1])
        }.max()
    }

    /// The version that `If-None-Match` names of this invoice; nil if it names none.
    static func version(in request: Request, invoice publicID: String) -> Int64? {
        // An id may have hyphens of its own.
        tags(in: request).compactMap { tag -> Int64? in
            tag.hasPrefix("\(publicID)-") ? Int64(tag.dropFirst(publicID.count + 1)) : nil
        }.max()
    }

    /// What tells bytes without a version from what they were before, in as many digits as an entry of a
    /// cache has room for.
    static func digest(of body: [UInt8]) -> Int64 {
        let digest = SHA256.digest(body).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(digest % 1_000_000_000_000_000_000)
    }

    /// Whether `If-None-Match` names whatever there is: RFC 9110, section 13.1.2.
    static func isAny(in request: Request) -> Bool {
        request.text(.ifNoneMatch)?.trimmed == "*"
    }

    /// Whether `If-None-Match` names this page.
    static func isKnown(page digest: Int64, in request: Request) -> Bool {
        isKnown(text(page: digest), in: request)
    }

    /// Whether `If-None-Match` names this tag.
    static func isKnown(_ tag: String, in request: Request) -> Bool {
        // Most have none, and a hit would pay for taking the tag to pieces.
        guard request.text(.ifNoneMatch) != nil else { return false }
        return isAny(in: request)
            || tags(in: request).contains(tag.replacing("\"", with: ""))
    }

    /// The tags of `If-None-Match`, weak or strong, without their quotes.
    private static func tags(in request: Request) -> [String] {
        guard let header = request.text(.ifNoneMatch) else { return [] }
        return header.split(separator: ",").map { tag in
            String(tag).trimmed.replacing("W/", with: "").replacing("\"", with: "")
        }
    }
}
