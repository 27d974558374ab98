import MariaDB
import Resilience
import Signing

/// The signature of a webhook of Stripe, checked as Stripe's own SDK does, and stricter in time.
///
/// `Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>…]`; the signed text is `t`, a dot and
/// the raw body; the key is the whole secret, `whsec_` included (Stripe, «verify webhook
/// signatures manually»; stripe-python 16.1.0, `_webhook.py`).
struct StripeSignature: Sendable {
    /// Why a delivery is not believed; for logs and metrics, the caller is told nothing.
    enum Flaw: String, Error, Sendable {
        case noHeader = "no_header"
        case unreadable
        case noSignature = "no_v1"
        case mismatch
        case stale
        case future
    }

    /// Any of these may have signed: two while a secret is being changed.
    let secrets: [String]
    /// How far from now a delivery's time may lie, in both directions.
    let tolerance: Duration

    /// Checks a delivery over the bytes as they were received.
    func verify(header: String?, body: [UInt8], at now: Timestamp) throws(Flaw) {
        guard let header, !header.isEmpty else { throw .noHeader }
        var time: Substring?
        var signatures: [Substring] = []
        for item in header.split(separator: ",") {
            let parts = item.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2 else { throw .unreadable }
            if parts[0] == "t", time == nil { time = parts[1] }
            if parts[0] == "v1" { signatures.append(parts[1]) }
        }
        guard let time, let seconds = Int64(time) else { throw .unreadable }
        guard !signatures.isEmpty else { throw .noSignature }
        let signed = Array(time.utf8) + [UInt8(ascii: ".")] + body
        let isSigned = secrets.contains { secret in
            let code = HMACSHA256.authenticationCode(for: signed, key: Array(secret.utf8))
            let expected = Array(code.hex.utf8)
            return signatures.contains { constantTimeEquals(Array($0.utf8), expected) }
        }
        guard isSigned else { throw .mismatch }
        let (age, overflows) = (now.microseconds / 1_000_000).subtractingReportingOverflow(seconds)
        if overflows { throw .unreadable }
        let limit = tolerance.components.seconds
        if age > limit { throw .stale }
        if age < -limit { throw .future }
    }
}
