import Web

/// Decides what the bytes of a connection are, before anything else looks at them.
///
/// A value without I/O: it is fed with whatever arrived and takes it apart into records, so a
/// request may come in one piece or byte by byte. It admits one request at a time: BEGIN_REQUEST
/// for a responder, PARAMS up to their empty end, STDIN up to its empty end, all of one id, within
/// the limits, and a body as long as CONTENT_LENGTH says. What it has refused or closed must not
/// be fed again.
struct RequestGate {
    struct Limits {
        var parameterBytes: Int
        var bodyBytes: Int
    }

    private enum Stage {
        case betweenRequests
        case parameters
        case body(Parameters, expected: Int)
    }

    /// The header of the record that is being read.
    private struct Header {
        var type = RecordType(rawValue: 0)
        var id: UInt16 = 0
        var contentLength = 0
    }

    // A management record is answered from memory, so its size has a limit of its own.
    private static let maximumManagementLength = 1_024

    private let limits: Limits
    private var stage = Stage.betweenRequests
    private var requestID: UInt16 = 0
    private var keepsConnection = false

    private var header = Header()
    // The eight bytes of a header, then those of a BEGIN_REQUEST's content.
    private var fixed = InlineArray<8, UInt8>(repeating: 0)
    private var fixedCount = 0
    private var isHeaderRead = false
    private var contentLeft = 0
    private var paddingLeft = 0
    // Parameters or the names of a GET_VALUES record; the two never overlap.
    private var pairs: [UInt8] = []
    private var body: [UInt8] = []

    init(limits: Limits) {
        self.limits = limits
    }

    /// Whether nothing of a request or record is pending.
    var isIdle: Bool {
        guard case .betweenRequests = stage else { return false }
        return !isHeaderRead && fixedCount == 0
    }

    /// Whether the parameters of the pending request are whole.
    var isReadingBody: Bool {
        if case .body = stage { true } else { false }
    }

    /// Takes bytes from `cursor` on until something is decided, and moves the cursor behind them.
    mutating func consume(_ input: Span<UInt8>, from cursor: inout Int) -> Verdict {
        while true {
            if !isHeaderRead {
                guard fillFixed(input, from: &cursor) else { return .incomplete }
                if let verdict = openRecord() { return verdict }
            }
            take(input, from: &cursor)
            guard contentLeft == 0, paddingLeft == 0 else { return .incomplete }
            isHeaderRead = false
            fixedCount = 0
            if let verdict = closeRecord() { return verdict }
        }
    }

    private mutating func fillFixed(_ input: Span<UInt8>, from cursor: inout Int) -> Bool {
        while fixedCount < fixed.count {
            guard cursor < input.count else { return false }
            fixed[fixedCount] = input[cursor]
            fixedCount += 1
            cursor += 1
        }
        return true
    }

    /// Takes what the input has of the record's content and padding.
    private mutating func take(_ input: Span<UInt8>, from cursor: inout Int) {
        let count = min(contentLeft, input.count - cursor)
        if count > 0 {
            let content = input.extracting(cursor..<cursor + count)
            switch header.type {
            case .beginRequest:
                for index in content.indices {
                    fixed[fixedCount] = content[index]
                    fixedCount += 1
                }
            case .parameters, .getValues:
                if pairs.isEmpty { pairs.reserveCapacity(contentLeft) }
                content.withUnsafeBufferPointer { pairs.append(contentsOf: $0) }
            case .standardInput:
                if body.isEmpty { body.reserveCapacity(contentLeft) }
                content.withUnsafeBufferPointer { body.append(contentsOf: $0) }
            default:
                break
            }
            contentLeft -= count
            cursor += count
        }
        if contentLeft == 0 {
            let padding = min(paddingLeft, input.count - cursor)
            paddingLeft -= padding
            cursor += padding
        }
    }
}

// MARK: - Records

extension RequestGate {
    /// Reads the header in `fixed` and decides whether its record may stand here.
    private mutating func openRecord() -> Verdict? {
        guard fixed[0] == RecordLayout.version else { return .close(.version) }
        header = Header(
            type: RecordType(rawValue: fixed[1]),
            id: UInt16(fixed[2]) << 8 | UInt16(fixed[3]),
            contentLength: Int(fixed[4]) << 8 | Int(fixed[5])
        )
        contentLeft = header.contentLength
        paddingLeft = Int(fixed[6])
        isHeaderRead = true
        fixedCount = 0
        switch stage {
        case .betweenRequests: return openBetweenRequests()
        case .parameters: return openWithinRequest(.parameters)
        case .body(_, let expected):
            if let verdict = openWithinRequest(.standardInput) { return verdict }
            guard header.type == .standardInput else { return nil }
            return body.count + contentLeft <= expected ? nil : .close(.lengthMismatch)
        }
    }

    private func openBetweenRequests() -> Verdict? {
        switch (header.type, header.id) {
        case (.beginRequest, 0):
            return .close(.requestID)
        case (.beginRequest, _):
            return contentLeft == 8 ? nil : .close(.malformedRecord)
        case (.getValues, 0):
            return contentLeft <= Self.maximumManagementLength
                ? nil : .close(.oversizedManagement)
        case (_, 0):
            return nil
        case (.abortRequest, _):
            // It may have crossed the answer to its request (section 3.3).
            return contentLeft == 0 ? nil : .close(.malformedRecord)
        default:
            return .close(.unexpectedRecord)
        }
    }

    private func openWithinRequest(_ expected: RecordType) -> Verdict? {
        switch header.type {
        case expected where header.id == requestID:
            guard expected == .parameters,
                pairs.count + contentLeft > limits.parameterBytes
            else { return nil }
            return .refuse(Refusal(.parametersTooLarge, id: requestID))
        case .abortRequest where header.id == requestID:
            return contentLeft == 0 ? nil : .close(.malformedRecord)
        case .beginRequest where header.id != requestID && header.id != 0:
            return .refuse(Refusal(.multiplexing, id: header.id))
        default:
            // Management records within a request are legal but come from no web server; a
            // forged one in front of a body is more likely.
            return .close(.unexpectedRecord)
        }
    }

    /// Draws the conclusion from a record that is there wholly.
    private mutating func closeRecord() -> Verdict? {
        switch header.type {
        case .beginRequest: return beginRequest()
        case .parameters where header.id != 0:
            return header.contentLength == 0 ? endParameters() : nil
        case .standardInput where header.id != 0:
            return header.contentLength == 0 ? endBody() : nil
        case .abortRequest where header.id != 0:
            return abort()
        case .getValues:
            let asked = pairs
            pairs = []
            return ProtocolReply(valuesAskedFor: asked).map(Verdict.reply)
                ?? .close(.malformedRecord)
        default:
            pairs = []
            body = []
            return .reply(.unknownType(header.type))
        }
    }

    private mutating func beginRequest() -> Verdict? {
        requestID = header.id
        keepsConnection = fixed[2] & RecordLayout.keepConnectionFlag != 0
        stage = .parameters
        guard UInt16(fixed[0]) << 8 | UInt16(fixed[1]) == Role.responder else {
            return .refuse(Refusal(.unknownRole, id: requestID))
        }
        return nil
    }

    private mutating func endParameters() -> Verdict? {
        let block = pairs
        pairs = []
        guard let parameters = Parameters(pairs: block) else {
            return .close(.malformedParameters)
        }
        guard let expected = Self.contentLength(of: parameters) else {
            return .refuse(Refusal(.malformedLength, id: requestID, parameters: parameters))
        }
        guard expected <= limits.bodyBytes else {
            return .refuse(Refusal(.bodyTooLarge, id: requestID, parameters: parameters))
        }
        stage = .body(parameters, expected: expected)
        return nil
    }

    /// The length that the parameters announce; zero if they do not, nil if it is no number.
    private static func contentLength(of parameters: Parameters) -> Int? {
        guard let digits = parameters[.contentLength], !digits.isEmpty else { return 0 }
        guard digits.count <= 18 else { return nil }
        var length = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            length = length * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return length
    }

    private mutating func endBody() -> Verdict? {
        guard case .body(let parameters, let expected) = stage, body.count == expected else {
            return .close(.lengthMismatch)
        }
        let request = AdmittedRequest(
            id: requestID,
            keepsConnection: keepsConnection,
            parameters: parameters,
            body: body
        )
        reset()
        return .request(request)
    }

    private mutating func abort() -> Verdict? {
        if case .betweenRequests = stage { return nil }
        reset()
        return .aborted(
            .endRequest(requestID, .requestComplete),
            keepsConnection: keepsConnection
        )
    }

    private mutating func reset() {
        stage = .betweenRequests
        pairs = []
        body = []
    }
}
