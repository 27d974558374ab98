import Glibc

/// Which process speaks: what it is, where it runs, and which one it is there.
package struct ProcessIdentity: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case serve
        case worker
    }

    package let kind: Kind
    package let host: String
    package let number: Int32

    /// Names a process.
    ///
    /// - Parameters:
    ///   - kind: what it does.
    ///   - host: where it runs; this host unless given.
    ///   - number: its process id; this process's unless given.
    package init(_ kind: Kind, host: String = Self.hostName, number: Int32 = getpid()) {
        self.kind = kind
        self.host = host
        self.number = number
    }

    /// Such as `serve@web1:4711`.
    package var text: String { "\(kind.rawValue)@\(host):\(number)" }

    /// This host's name, at most 64 letters, digits, dots and hyphens.
    package static let hostName: String = {
        var characters = [CChar](repeating: 0, count: 256)
        guard gethostname(&characters, characters.count - 1) == 0 else { return "localhost" }
        let name = characters.prefix { $0 != 0 }.prefix(64).map { character -> UInt8 in
            let byte = UInt8(bitPattern: character)
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."):
                return byte
            default: return UInt8(ascii: "-")
            }
        }
        return name.isEmpty ? "localhost" : String(decoding: name, as: UTF8.self)
    }()
}
