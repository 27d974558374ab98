/// What has been read of an answer; libcurl's callbacks fill it.
final class Transfer {
    /// Generous for headers, which no limit of ours concerns otherwise.
    private static let maximumHeadSize = 65_536

    private let maximumBodySize: Int
    private var headSize = 0
    private var isInHead = false
    /// Whether the blank line that ends the last head was read.
    private(set) var isHeadWhole = false
    private(set) var headers = HTTPHeaders()
    private(set) var body: [UInt8] = []
    private(set) var exceededLimit: Int?

    init(maximumBodySize: Int) {
        self.maximumBodySize = maximumBodySize
    }

    /// Takes a line of the head, or of the trailers, which are left out.
    ///
    /// - Returns: false to stop the transfer.
    func takeHeaderLine(_ line: UnsafeRawBufferPointer) -> Bool {
        headSize += line.count
        guard headSize <= Self.maximumHeadSize else {
            exceededLimit = Self.maximumHeadSize
            return false
        }
        if line.starts(with: "HTTP/".utf8) {
            // A head begins; one before it was an interim answer such as 103.
            headers = HTTPHeaders()
            isInHead = true
            isHeadWhole = false
        } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
            isInHead = false
            isHeadWhole = true
        } else if isInHead, let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            headers.append(line[..<colon].trimmedText, line[(colon + 1)...].trimmedText)
        }
        return true
    }

    /// Takes a piece of the body.
    ///
    /// - Returns: false to stop the transfer.
    func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard body.count + piece.count <= maximumBodySize else {
            exceededLimit = maximumBodySize
            return false
        }
        body.append(contentsOf: piece)
        return true
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var trimmedText: String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = drop(while: isSpace)
        let end = start.lastIndex { !isSpace($0) }
        return String(
            decoding: end.map { start[...$0] } ?? start[..<start.startIndex],
            as: UTF8.self
        )
    }
}
