import Signing

/// One signed webhook, ready to be sent by POST.
package struct WebhookMessage: Sendable {
    package let url: String
    package let body: [UInt8]
    /// The value of `Stripe-Signature`.
    package let signature: String

    /// Signs a body as Stripe does: `v1` is the HMAC-SHA256 of `<seconds>.<body>` under each
    /// secret's whole text.
    ///
    /// - Parameters:
    ///   - url: where it goes.
    ///   - body: the event as JSON.
    ///   - secrets: one `v1` each.
    ///   - seconds: real time since 1970, because the receiver compares it with its own clock.
    package init(url: String, body: [UInt8], secrets: [String], seconds: Int64) {
        self.url = url
        self.body = body
        let signed = Array("\(seconds).".utf8) + body
        let signatures = secrets.map { secret in
            let code = HMACSHA256.authenticationCode(for: signed, key: Array(secret.utf8))
            return ",v1=" + Hex.encode(code.bytes)
        }
        signature = "t=\(seconds)" + signatures.joined()
    }
}
