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

    /// The latest version that `If-None-Match` names of this order; nil if it names none.
    static func version(in request: Request, orderID: Int64) -> Int64? {
        version(in: request, after: "\(orderID)-")
    }

    /// The latest version that `If-None-Match` names of this invoice; nil if it names none.
    static func version(in request: Request, invoice publicID: String) -> Int64? {
        // An id may have hyphens of its own.
        version(in: request, after: "\(publicID)-")
    }

    private static func version(
        in request: Request,
        after makePrefix: @autoclosure () -> String
    ) -> Int64? {
        // Most name none, and a hit would pay for the text.
        guard request.parameters[.ifNoneMatch] != nil else { return nil }
        let prefix = makePrefix()
        var latest: Int64?
        forEachTag(in: request) { tag in
            guard tag.starts(with: prefix.utf8),
                let version = Int64(
                    String(decoding: tag.dropFirst(prefix.utf8.count), as: UTF8.self)
                )
            else { return }
            latest = max(latest ?? version, version)
        }
        return latest
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
        if isAny(in: request) { return true }
        let wanted = tag.utf8.dropFirst().dropLast()
        var isKnown = false
        forEachTag(in: request) { isKnown = isKnown || $0.elementsEqual(wanted) }
        return isKnown
    }

    /// Goes through the tags of `If-None-Match`, weak or strong, without their quotes.
    ///
    /// In bytes, as a header may have thousands of them, and a worker reads it.
    private static func forEachTag(in request: Request, _ body: (ArraySlice<UInt8>) -> Void) {
        guard let header = request.parameters[.ifNoneMatch] else { return }
        for item in header.split(separator: UInt8(ascii: ",")) {
            var tag = item.drop(while: isBlank)
            while tag.last.map(isBlank) ?? false { tag.removeLast() }
            if tag.starts(with: "W/".utf8) { tag = tag.dropFirst(2) }
            if tag.first == UInt8(ascii: "\"") { tag.removeFirst() }
            if tag.last == UInt8(ascii: "\"") { tag.removeLast() }
            body(tag)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
