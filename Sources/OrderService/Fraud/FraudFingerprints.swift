import Commerce
import Signing

/// Names for e-mail addresses, networks and delivery addresses to count by, from which nobody gets
/// back to them without the service's key.
struct FraudFingerprints: Sendable {
    /// The names of one thing: under the present key first, then under the one before it.
    typealias Names = [[UInt8]]

    private let keys: [[UInt8]]
    /// Bytes of a name; enough to count by, and half an index.
    private static let length = 16

    /// Derives keys of its own from the service's sealing keys.
    init(key: [UInt8], previousKey: [UInt8]? = nil) {
        let purpose = Array("fraud".utf8)
        keys = ([key] + (previousKey.map { [$0] } ?? [])).map {
            HMACSHA256.authenticationCode(for: purpose, key: $0).bytes
        }
    }

    func email(_ address: String) -> Names {
        names("email", address.lowercased())
    }

    func network(_ network: ClientNetwork) -> Names {
        names("network", network.text)
    }

    func delivery(_ address: Address) -> Names {
        names("delivery", Self.normalized(address))
    }

    private func names(_ kind: String, _ text: String) -> Names {
        let message = Array("\(kind):\(text)".utf8)
        return keys.map {
            Array(HMACSHA256.authenticationCode(for: message, key: $0).bytes.prefix(Self.length))
        }
    }

    /// An address in one spelling: letters without case and accents, and digits.
    ///
    /// So `Str. Lungă 1` and `str lunga, 1` are one place; who lives there does not matter.
    static func normalized(_ address: Address) -> String {
        [address.country, address.county ?? "", address.postalCode, address.city, address.street]
            .map(plain).joined(separator: "|")
    }

    private static func plain(_ text: String) -> String {
        let letters = text.lowercased().unicodeScalars.compactMap { scalar -> Unicode.Scalar? in
            switch scalar {
            case "ă", "â", "á", "à", "ä": "a"
            case "î", "í", "ì": "i"
            case "ș", "ş": "s"
            case "ț", "ţ": "t"
            case "é", "è", "ë": "e"
            case "ó", "ö", "ő": "o"
            case "ú", "ü", "ű": "u"
            default:
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    ? scalar : nil
            }
        }
        return String(String.UnicodeScalarView(letters))
    }
}
