/// The type of a FastCGI record (FastCGI 1.0, section 8).
struct RecordType: RawRepresentable, Equatable {
    let rawValue: UInt8

    static let beginRequest = RecordType(rawValue: 1)
    static let abortRequest = RecordType(rawValue: 2)
    static let endRequest = RecordType(rawValue: 3)
    static let parameters = RecordType(rawValue: 4)
    static let standardInput = RecordType(rawValue: 5)
    static let getValues = RecordType(rawValue: 9)
    static let getValuesResult = RecordType(rawValue: 10)
    static let unknownType = RecordType(rawValue: 11)
}

/// The part that a web server asks an application to play; this one is a responder only.
enum Role {
    static let responder: UInt16 = 1
}

/// What an END_REQUEST record says about the request.
enum ProtocolStatus: UInt8 {
    case requestComplete = 0
    case cannotMultiplex = 1
    case unknownRole = 3
}

/// Sizes and bits of the record layout.
enum RecordLayout {
    static let headerLength = 8
    static let version: UInt8 = 1
    static let keepConnectionFlag: UInt8 = 1
}
