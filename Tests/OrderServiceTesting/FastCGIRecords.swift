import Web

/// The records of FastCGI 1.0 as bytes, as a web server writes them, or wrongly on purpose.
package enum FastCGIRecords {
    /// One record; the type, the lengths and the padding are written as they are given.
    package static func record(
        _ type: UInt8,
        id: UInt16 = 1,
        _ content: [UInt8] = [],
        padding: Int = 0,
        version: UInt8 = 1
    ) -> [UInt8] {
        let length = UInt16(content.count)
        let header: [UInt8] = [
            version, type, UInt8(id >> 8), UInt8(id & 0xFF),
            UInt8(length >> 8), UInt8(length & 0xFF), UInt8(padding), 0,
        ]
        return header + content + [UInt8](repeating: 0, count: padding)
    }

    package static func begin(
        id: UInt16 = 1,
        role: UInt16 = 1,
        keepsConnection: Bool = true
    ) -> [UInt8] {
        let flags: UInt8 = keepsConnection ? 1 : 0
        return record(1, id: id, [UInt8(role >> 8), UInt8(role & 0xFF), flags, 0, 0, 0, 0, 0])
    }

    package static func abort(id: UInt16 = 1) -> [UInt8] { record(2, id: id) }

    /// A stream of records with its empty end; the content is cut into pieces.
    package static func stream(
        _ type: UInt8,
        id: UInt16 = 1,
        _ content: [UInt8],
        pieceLength: Int = 32_768,
        padding: Int = 0
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        var start = 0
        while start < content.count {
            let end = min(start + pieceLength, content.count)
            bytes += record(type, id: id, Array(content[start..<end]), padding: padding)
            start = end
        }
        return bytes + record(type, id: id)
    }

    package static func parameters(
        id: UInt16 = 1,
        _ pairs: [(name: String, value: String)]
    ) -> [UInt8] {
        stream(4, id: id, Parameters.encoded(pairs))
    }

    /// A whole request as nginx sends it.
    package static func request(
        _ method: String = "GET",
        _ target: String = "/",
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        id: UInt16 = 1,
        keepsConnection: Bool = true
    ) -> [UInt8] {
        let length = body.isEmpty ? "" : String(body.count)
        let pairs =
            [
                (name: "REQUEST_METHOD", value: method),
                (name: "REQUEST_URI", value: target),
                (name: "CONTENT_LENGTH", value: length),
                (name: "REMOTE_ADDR", value: "192.0.2.1"),
            ] + headers
        return begin(id: id, keepsConnection: keepsConnection) + parameters(id: id, pairs)
            + stream(5, id: id, body)
    }
}
