import Resilience
import Signing
import Synchronization
package import Web

/// Stand-ins for Stripe, user-service and product-service, in one application.
///
/// All state is in memory. Faults, state, clock and webhooks are steered by the routes under `/_`,
/// which faults never strike.
package final class Simulation: Application {
    /// What the stand-ins are given when they start.
    package struct Configuration: Sendable {
        package var stripeSecretKey = "sk_test_sim"
        /// Where webhooks go; nil for nowhere.
        package var webhookURL: String?
        package var webhookSecret = "whsec_sim"
        /// Repeats ids and probabilities; nil for others at each start.
        package var seed: UInt64?
        /// Real time in milliseconds since 1970.
        package var now: @Sendable () -> Int64

        package init(now: @escaping @Sendable () -> Int64) {
            self.now = now
        }
    }

    /// The longest that `hold` holds.
    static let longestHold = Duration.seconds(60)

    let configuration: Configuration
    let gate: StripeGate
    let world: Mutex<World>
    let waits = Waits()
    let mailbox: WebhookMailbox

    /// Makes the stand-ins with their default catalogue.
    ///
    /// - Parameters:
    ///   - configuration: keys, addresses and clock.
    ///   - send: delivers one webhook; blocks until it is answered.
    package init(
        _ configuration: Configuration,
        send: @escaping WebhookMailbox.Send = { _ in false }
    ) {
        self.configuration = configuration
        gate = StripeGate(secretKey: configuration.stripeSecretKey)
        let seed = configuration.seed ?? UInt64.random(in: .min ... .max)
        world = Mutex(
            World(random: RandomSource(seed: seed), webhooks: Self.webhooks(configuration))
        )
        mailbox = WebhookMailbox(send: send)
    }

    static func webhooks(_ configuration: Configuration) -> WebhookSettings {
        WebhookSettings(url: configuration.webhookURL, secrets: [configuration.webhookSecret])
    }

    /// Works on the state at the simulated present, then wakes the webhooks.
    func withWorld<Result: Sendable>(
        _ body: (inout sending World, Instant) throws -> sending Result
    ) rethrows -> Result {
        let real = configuration.now()
        defer { mailbox.wake() }
        return try world.withLock { world in
            let now = Instant(milliseconds: real + world.clockOffset)
            world.advance(to: now)
            defer { world.queueNewEvents(now) }
            return try body(&world, now)
        }
    }

    package func start(_ request: Request) -> Step {
        let path = String(decoding: request.path, as: UTF8.self)
        if path.hasPrefix("/_") { return .answer(control(request, path: path)) }
        let arrival = withWorld { world, now in
            arrive(request, path: path, &world, now)
        }
        guard let fault = arrival.fault else {
            return .answer(finish(arrival, request, perform(arrival, request)))
        }
        return misbehave(fault, arrival, request)
    }
}

extension Simulation {
    /// A request that has been recorded and, for Stripe, has passed the gate.
    struct Arrival {
        enum Admission {
            case answer(Response)
            case stripe(StripeGate.Ticket)
            case shop
        }

        let path: String
        let admission: Admission
        let fault: Fault?
    }

    private func arrive(
        _ request: Request,
        path: String,
        _ world: inout World,
        _ now: Instant
    ) -> Arrival {
        world.record(
            World.LoggedRequest(
                method: request.method.rawValue,
                path: path,
                query: request.query.fields.map { "\($0.name)=\($0.value)" }
                    .joined(separator: "&"),
                idempotencyKey: request.text(.idempotencyKey),
                at: now
            )
        )
        var admission = Arrival.Admission.shop
        if path.hasPrefix("/stripe/") {
            let requestID = "req_" + world.random.token(14)
            admission =
                switch gate.admit(
                    request,
                    path: path,
                    now: now,
                    requestID: requestID,
                    &world.account
                ) {
                case .answer(let response): .answer(response)
                case .execute(let ticket): .stripe(ticket)
                }
        }
        // A stored failure and a slow endpoint are the endpoint's own, which a replay, or a refusal
        // because the first request is not done yet, does not reach.
        let fault = world.faults.strike(request.method, path, &world.random) { fault in
            guard case .answer = admission else { return true }
            return !fault.isStored && fault.kind != .hold && fault.kind != .delay
        }
        return Arrival(path: path, admission: admission, fault: fault)
    }

    /// Carries a request out; its idempotency key stays in use.
    func perform(_ arrival: Arrival, _ request: Request) -> StripeGate.Outcome {
        switch arrival.admission {
        case .answer(let response):
            StripeGate.Outcome(response: response, isStored: false)
        case .stripe(let ticket):
            withWorld { world, now in gate.perform(ticket, now: now, &world.account) }
        case .shop:
            withWorld { world, now in
                StripeGate.Outcome(
                    response: world.answerShop(request, path: arrival.path, now: now),
                    isStored: false
                )
            }
        }
    }

    /// Ends a request: stores its answer under its key and dresses it.
    func finish(
        _ arrival: Arrival,
        _ request: Request,
        _ outcome: StripeGate.Outcome
    ) -> Response {
        guard case .stripe(let ticket) = arrival.admission else { return outcome.response }
        return withWorld { world, _ in
            gate.finish(ticket, outcome, request, &world.account)
        }
    }

    private func misbehave(_ fault: Fault, _ arrival: Arrival, _ request: Request) -> Step {
        let wrong = FaultHeaders.response(fault, path: arrival.path)
        switch fault.kind {
        case .status, .dropBefore, .dropAfter, .garbage:
            let done = fault.executes ? perform(arrival, request) : nil
            let kept = StripeGate.Outcome(response: wrong, isStored: fault.isStored)
            // Without `stored`, what was done is remembered as the endpoint answered it, and what
            // was not done leaves the key free.
            let outcome = fault.isStored ? kept : done ?? kept
            let dressed = finish(arrival, request, outcome)
            guard fault.kind == .status, fault.isStored else { return .answer(wrong) }
            return .answer(dressed)
        case .delay, .hold:
            let early = fault.executes ? perform(arrival, request) : nil
            let limit =
                fault.kind == .hold
                ? Self.longestHold : Duration.milliseconds(fault.delayMilliseconds)
            return .handOver { reply in
                self.waits.wait(limit, endsWithFaults: fault.kind == .hold) {
                    let outcome = early ?? self.perform(arrival, request)
                    reply(self.finish(arrival, request, outcome))
                }
                // The faults may have been deleted since this one struck.
                let isOver = self.world.withLock { !$0.faults.contains(fault.id) }
                if fault.kind == .hold, isOver { self.waits.endHolds() }
            }
        }
    }
}
