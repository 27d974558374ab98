import Web

/// A short answer to the web server itself, made without the application.
enum ProtocolReply: Equatable {
    /// The values of those variables that were asked for and are known.
    case values([Variable])
    case unknownType(RecordType)
    case endRequest(UInt16, ProtocolStatus)

    /// A variable of GET_VALUES.
    enum Variable: String, CaseIterable {
        case maximumConnections = "FCGI_MAX_CONNS"
        case maximumRequests = "FCGI_MAX_REQS"
        case multiplexes = "FCGI_MPXS_CONNS"
    }

    /// The record that carries the answer.
    ///
    /// - Parameter maximumConnections: how many connections are accepted at once; with one request
    ///   on a connection, as many requests run.
    /// - Returns: the record as it goes over the wire.
    func record(maximumConnections: Int) -> [UInt8] {
        switch self {
        case .values(let variables):
            let pairs = variables.map { variable in
                let value = variable == .multiplexes ? 0 : maximumConnections
                return (name: variable.rawValue, value: String(value))
            }
            return Self.record(.getValuesResult, id: 0, Parameters.encoded(pairs))
        case .unknownType(let type):
            return Self.record(.unknownType, id: 0, [type.rawValue, 0, 0, 0, 0, 0, 0, 0])
        case .endRequest(let id, let status):
            return Self.record(.endRequest, id: id, [0, 0, 0, 0, status.rawValue, 0, 0, 0])
        }
    }

    private static func record(_ type: RecordType, id: UInt16, _ content: [UInt8]) -> [UInt8] {
        let length = UInt16(content.count)
        let header: [UInt8] = [
            RecordLayout.version, type.rawValue, UInt8(id >> 8), UInt8(id & 0xFF),
            UInt8(length >> 8), UInt8(length & 0xFF), 0, 0,
        ]
        return header + content
    }
}

extension ProtocolReply {
    /// Reads the names asked for by a GET_VALUES record.
    ///
    /// - Returns: nil if the pairs do not fill the record exactly.
    init?(valuesAskedFor pairs: [UInt8]) {
        guard let parameters = Parameters(pairs: pairs) else { return nil }
        self = .values(Variable.allCases.filter { parameters[name: $0.rawValue] != nil })
    }
}
