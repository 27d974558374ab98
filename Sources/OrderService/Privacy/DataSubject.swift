import Signing
import Web

/// The person whose data is asked for: a customer, or whoever ordered as a guest from an address.
package enum DataSubject: Sendable, Hashable {
    case customer(String)
    /// In the spelling that the limits use: trimmed, small letters.
    case email(String)

    /// Reads a customer's id; nil for what is none.
    package init?(customer text: String) {
        guard isUserID(text) else { return nil }
        self = .customer(text)
    }

    /// Reads an e-mail address in any spelling; nil for what is none, and for what stands in the
    /// place of addresses that are gone.
    package init?(email text: String) {
        let address = text.trimmed.lowercased()
        guard address.contains("@"), address != OrderReduction.erasedEmail,
            (3...254).contains(address.unicodeScalars.count)
        else {
            return nil
        }
        self = .email(address)
    }

    /// `customer` or `email`.
    var kind: String {
        switch self {
        case .customer: "customer"
        case .email: "email"
        }
    }

    var userID: String? {
        if case .customer(let id) = self { id } else { nil }
    }

    /// What records keep of the subject, so that an erasure does not leave what it erases.
    var hash: Digest {
        switch self {
        case .customer(let id): SHA256.digest("customer:\(id)".utf8)
        case .email(let address): SHA256.digest("email:\(address)".utf8)
        }
    }

    /// The same in hexadecimal digits.
    package var hashText: String { hash.hex }

    /// The key under which the limits count the subject's attempts to pay.
    var payer: Payer {
        switch self {
        case .customer(let id): Payer(customer: id, network: nil)
        case .email(let address): Payer(customer: address, network: nil)
        }
    }
}
