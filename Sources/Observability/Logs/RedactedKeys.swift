/// The names of metadata whose values are not for logs: credentials and personal data.
///
/// A name is taken apart at capitals and at everything that is no letter, so `clientSecret`,
/// `client_secret` and `payment.client-secret` are the same.
enum RedactedKeys {
    /// A name with one of these words anywhere is redacted.
    private static let words: Set<String> = [
        "address", "authorization", "city", "cnp", "cookie", "credential", "credentials", "csrf",
        "cvc", "email", "emails", "iban", "mail", "pan", "passphrase", "password", "phone",
        "postal", "secret", "secrets", "signature", "street", "token", "tokens",
    ]
    /// «name» is redacted alone, and after one of these words: a lane's name is no one's secret.
    private static let bearers: Set<String> = [
        "billing", "buyer", "company", "contact", "customer", "display", "family", "first", "full",
        "given", "guest", "last", "middle", "person", "recipient", "shipping", "user",
    ]

    static func contains(_ name: String) -> Bool {
        let parts = words(of: name)
        if parts == ["name"] || !words.isDisjoint(with: parts) { return true }
        return zip(parts, parts.dropFirst()).contains { $1 == "name" && bearers.contains($0) }
    }

    private static func words(of name: String) -> [String] {
        var parts: [String] = []
        var part = ""
        for scalar in name.unicodeScalars {
            let isCapital = ("A"..."Z").contains(scalar)
            let isLetter = isCapital || ("a"..."z").contains(scalar)
            let startsWord = isCapital && part.unicodeScalars.last.map { !isUpper($0) } ?? false
            if !isLetter || startsWord {
                if !part.isEmpty { parts.append(part.lowercased()) }
                part = ""
            }
            if isLetter { part.unicodeScalars.append(scalar) }
        }
        if !part.isEmpty { parts.append(part.lowercased()) }
        return parts
    }

    private static func isUpper(_ scalar: Unicode.Scalar) -> Bool {
        ("A"..."Z").contains(scalar)
    }
}
