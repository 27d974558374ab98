import Web

/// What Stripe tells of a charge that helps to judge it: its card, and its assessment of the risk.
struct ChargeFacts: Sendable {
    let id: String
    /// Stripe's `outcome` as it came; nil if there is none.
    let outcome: String?
    /// The same for each use of a card, and no number of it.
    let cardFingerprint: String?
    /// ISO 3166-1 alpha-2.
    let cardCountry: String?

    /// Reads Stripe's object; nil if it is not one, such as a mere id.
    init?(_ json: JSON?) {
        guard let json, json["object"]?.string == "charge", let id = json["id"]?.string else {
            return nil
        }
        self.id = id
        let outcome = json["outcome"]
        self.outcome =
            outcome?.members == nil
            ? nil : outcome.map { String(decoding: $0.serialized(), as: UTF8.self) }
        let card = json["payment_method_details"]?["card"]
        cardFingerprint = card?["fingerprint"]?.string.flatMap { Self.word($0, upTo: 64) }
        cardCountry = card?["country"]?.string.flatMap { Self.word($0, upTo: 2) }
    }

    /// A word that its column holds.
    static func word(_ text: String, upTo length: Int) -> String? {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isPlain && (1...length).contains(text.utf8.count) ? text : nil
    }
}
