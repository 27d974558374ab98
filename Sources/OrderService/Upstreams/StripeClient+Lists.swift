import Curl
import Resilience
import Web

/// Stripe's books, for comparison: lists by time, and look-ups with the charge.
extension StripeClient {
    /// With their charges a hundred might exceed the size that an answer may have.
    private static let intentsOfPage = 50
    private static let refundsOfPage = 100

    /// Reads a page of the PaymentIntents of a stretch of time, newest first; blocks.
    ///
    /// - Parameters:
    ///   - times: when they were made, in whole seconds since 1970.
    ///   - last: the intent after which the page begins; nil for the first page.
    ///   - deadline: of the caller.
    /// - Returns: one page, or a refusal.
    func intents(
        made times: Range<Int64>,
        after last: String?,
        until deadline: Deadline
    ) -> Outcome<Reading<ListedIntent.Page>, UpstreamFailure> {
        let query = Self.list(times, after: last, limit: Self.intentsOfPage)
        let path = "/v1/payment_intents?\(query)&expand%5B%5D=data.latest_charge"
        return get(path, "list_intents", until: deadline) { ListedIntent.Page($0) }
    }

    /// Looks for the PaymentIntents of a payment by their metadata; blocks.
    ///
    /// Stripe's index is up to a minute behind, in trouble longer: what is not found may be there.
    func intents(
        ofPayment publicID: String,
        until deadline: Deadline
    ) -> Outcome<Reading<ListedIntent.Page>, UpstreamFailure> {
        let query = PercentEncoding.encode("metadata['payment_id']:'\(publicID)'")
        let path =
            "/v1/payment_intents/search?limit=100&query=\(query)"
            + "&expand%5B%5D=data.latest_charge"
        return get(path, "search_intents", until: deadline) { ListedIntent.Page($0) }
    }

    /// Reads one PaymentIntent with its charge; blocks.
    func listedIntent(
        _ id: String,
        until deadline: Deadline
    ) -> Outcome<Reading<ListedIntent>, UpstreamFailure> {
        let path = "/v1/payment_intents/\(PercentEncoding.encode(id))"
        return get("\(path)?expand%5B%5D=latest_charge", "retrieve", until: deadline) {
            ListedIntent($0)
        }
    }

    /// Reads a page of the refunds of a stretch of time, newest first; blocks.
    func refunds(
        made times: Range<Int64>,
        after last: String?,
        until deadline: Deadline
    ) -> Outcome<Reading<RefundPage>, UpstreamFailure> {
        let query = Self.list(times, after: last, limit: Self.refundsOfPage)
        return get("/v1/refunds?\(query)", "list_refunds", until: deadline) { RefundPage($0) }
    }

    /// Reads one refund, or learns that there is none; blocks.
    func listedRefund(
        _ id: String,
        until deadline: Deadline
    ) -> Outcome<Reading<StripeRefund>, UpstreamFailure> {
        let path = "/v1/refunds/\(PercentEncoding.encode(id))"
        return get(path, "retrieve_refund", until: deadline) { StripeRefund($0) }
    }

    private static func list(
        _ times: Range<Int64>,
        after last: String?,
        limit: Int
    ) -> String {
        var fields = [
            (name: "limit", value: String(limit)),
            (name: "created[gte]", value: String(times.lowerBound)),
            (name: "created[lt]", value: String(times.upperBound)),
        ]
        if let last { fields.append((name: "starting_after", value: last)) }
        return String(decoding: PercentEncoding.form(fields), as: UTF8.self)
    }
}
