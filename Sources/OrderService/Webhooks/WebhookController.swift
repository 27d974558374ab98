import Logging
import MariaDB
import Observability
import Resilience
import Signing
import Web

/// Receives Stripe's webhooks: verify, store, commit, 200.
///
/// The worker applies them.
struct WebhookController: Sendable {
    let signature: StripeSignature
    let inbox: WebhookInbox
    let clock: WallClock
    let metrics: MetricsRegistry
    private let logger = Logger(label: "orderd.webhooks")

    init(
        signature: StripeSignature,
        inbox: WebhookInbox,
        clock: WallClock,
        metrics: MetricsRegistry
    ) {
        self.signature = signature
        self.inbox = inbox
        self.clock = clock
        self.metrics = metrics
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                pattern: "/v1/webhooks/stripe",
                access: .open,
                lane: .webhook,
                handler: .plain(receive),
                accepts: []
            )
        ]
    }

    private func receive(_ context: Context) throws -> Response {
        let body = context.request.body
        do throws(StripeSignature.Flaw) {
            try signature.verify(
                header: context.request.header("Stripe-Signature"),
                body: body,
                at: clock.now
            )
        } catch {
            count(error.rawValue)
            logger.warning(
                "a webhook was not believed",
                metadata: [
                    "flaw": "\(error.rawValue)", "bytes": "\(body.count)",
                    "sha256": "\(SHA256.digest(body).hex)", "requestId": "\(context.requestID)",
                ]
            )
            throw Problem(.badRequest, "invalid_request", "The delivery cannot be accepted.")
        }
        guard let json = try? JSON(parsing: body), let event = StripeEvent.Head(json) else {
            count("not_an_event")
            throw Problem(.badRequest, "invalid_request", "The delivery cannot be accepted.")
        }
        let isNew = try inbox.insert(event, payload: body, until: context.deadline)
        count(isNew ? "stored" : "duplicate")
        return Response.json(.ok, Array("{\"received\":true}".utf8))
    }

    private func count(_ result: String) {
        metrics.counter(
            "orderd_webhooks_total",
            help: "Deliveries of Stripe by what became of them.",
            labels: ["result": result]
        ).increment()
    }
}
