import FoundationEssentials
import MariaDB
import Observability
import Redis
import Resilience
import Web

extension Services {
    /// The application that answers HTTP, with lanes of its own.
    package func makeApplication() -> (application: OrderApplication, lanes: Lanes) {
        let lanes = Lanes(
            read: settings.server.readLanes,
            request: settings.server.requestLanes,
            queueLimit: settings.server.laneQueue
        )
        let turns = makeTurns()
        let lookUpTurns = makeLookUpTurns()
        let application = OrderApplication(
            endpoints: endpoints,
            authenticator: Authenticator(
                sessions: sessions,
                guests: guests,
                csrf: csrf,
                clock: clock
            ),
            recentChanges: recentChanges,
            orders: orders,
            audit: audit,
            guestAccesses: guestAccesses,
            lanes: lanes,
            turns: turns,
            lookUpTurns: lookUpTurns,
            metrics: metrics,
            accessLog: AccessLog(
                slowLookUp: settings.log.slowLookUp,
                sampling: settings.log.lookUpSampling
            ),
            requestDeadline: settings.server.requestDeadline,
            upstreamBudget: settings.upstreams.budget,
            crossOrigin: CrossOrigin(origins: settings.server.corsOrigins)
        )
        registerMetrics(of: lanes)
        registerMetrics(of: turns, "orderd_turns", "Requests")
        registerMetrics(of: lookUpTurns, "orderd_look_up_turns", "Lanes with look-ups")
        paymentLimiter.registerMetrics(in: metrics)
        revocationWatch.registerMetrics(in: metrics)
        cacheRecovery.registerMetrics(in: metrics)
        return (application, lanes)
    }

    /// How long a request waits for its turn before it works without one.
    private static let patienceForTurn = Duration.seconds(1)

    /// Several times what a request works between two calls to others in a slow hour: who has a turn
    /// for longer waits for a lock, or for a server that hangs.
    private static let longestTurn = Duration.milliseconds(200)

    /// The turns of one process.
    func makeTurns() -> Turns {
        Turns(
            count: requestTurns,
            patience: Self.patienceForTurn,
            longestHold: Self.longestTurn
        )
    }

    /// A batch of look-ups takes a few milliseconds.
    private static let longestLookUpTurn = Duration.milliseconds(50)

    /// The turns of lanes that read look-ups together: the fewer, the more of them go together, and the sooner
    /// what has begun has ended.
    private func makeLookUpTurns() -> Turns {
        Turns(
            count: isDatabaseHere ? 2 * cores : settings.server.readLanes,
            patience: Self.patienceForTurn,
            longestHold: Self.longestLookUpTurn
        )
    }

    /// Where MariaDB shares the processors, more requests at once only take them from each other;
    /// where it is far away, most of a request is waiting for it.
    private var requestTurns: Int {
        let turns = settings.server.requestTurns
        guard turns == 0 else { return turns }
        return max(2, isDatabaseHere ? cores : 8 * cores)
    }

    private var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    private var isDatabaseHere: Bool {
        settings.database.servers.contains { if case .unix = $0 { true } else { false } }
    }

    /// Every route of the API.
    private var endpoints: [Endpoint] {
        let checkout = CheckoutController(
            store: CheckoutStore(database: database, cache: cache, clock: clock),
            pricing: CheckoutPricing(products: products),
            carts: CustomerCarts(users: users, cache: cache, clock: clock),
            orders: orders,
            methods: shippingMethods,
            clock: clock,
            slidingLife: settings.checkout.slidingLife,
            maximumLife: settings.checkout.maximumLife
        )
        let completion = CheckoutCompletion(
            checkout: checkout,
            placement: placement,
            carts: CartOrders(database: database, clock: clock),
            screening: screening,
            limiter: paymentLimiter,
            payments: paymentStarter,
            guests: guests,
            orders: orders,
            idempotency: idempotency
        )
        return SessionController(
            sessions: sessions,
            csrf: csrf,
            clock: clock,
            maximumLife: settings.access.maximumSessionLife
        ).endpoints
            + SessionAdminController(sessions: sessions).endpoints
            + checkout.endpoints + [completion.endpoint]
            + OrderController(
                orders: orders,
                payments: payments,
                cache: cache,
                recentChanges: recentChanges,
                quick: quickReader,
                guestAccesses: guestAccesses
            ).endpoints
            + HistoryController(
                orders: orders,
                cache: cache,
                recentChanges: recentChanges,
                quick: quickReader
            ).endpoints
            + [
                BulkStatusController(
                    orders: orders,
                    cache: cache,
                    recentChanges: recentChanges,
                    quick: quickReader
                ).endpoint
            ]
            + PaymentController(
                starter: paymentStarter,
                payments: payments,
                stripe: stripe,
                settlement: settlement,
                orders: orders,
                recentChanges: recentChanges,
                idempotency: idempotency
            ).endpoints
            + CancelController(closing: closing, orders: orders, idempotency: idempotency)
            .endpoints
            + bulkCancelController.endpoints
            + refundController.endpoints
            + guestEndpoints
            + FulfilmentController(ledger: ledger, orders: orders, limiter: paymentLimiter)
            .endpoints
            + BreakerController(breakers: breakers, process: process, clock: clock).endpoints
            + CacheController(cache: cache, reports: processReports, process: process).endpoints
            + InDoubtController(store: InDoubtStore(database: database), clock: clock).endpoints
            + fraudReviewController.endpoints
            + OrderSearchController(
                store: OrderSearchStore(database: database),
                recentChanges: recentChanges
            ).endpoints
            + invoiceLookUpEndpoints
            + InvoiceIssueController(jobs: invoiceJobs).endpoints
            + AuditController(store: audit.store).endpoints
            + WebhookController(
                signature: StripeSignature(
                    secrets: settings.stripe.webhookSecrets.map(\.exposed),
                    tolerance: settings.stripe.webhookTolerance
                ),
                inbox: inbox,
                clock: clock,
                metrics: metrics
            ).endpoints
            + HealthController(
                database: database,
                cache: cacheRedis,
                state: stateRedis,
                metrics: metrics,
                hasMetrics: settings.hasMetrics
            ).endpoints
    }

    private var recentChanges: RecentChanges { RecentChanges(cache: cache, clock: clock) }

    /// What answers hits on the worker.
    var quickReader: QuickReader {
        QuickReader(
            cache: cache,
            revoked: revocations.recent,
            sessionUses: sessionUses,
            clock: clock
        )
    }

    /// The method and the pattern of every route and the words of who may use it, for whatever
    /// describes them.
    package var routes: [(method: String, pattern: String, access: [String])] {
        endpoints.map { ($0.method.rawValue, $0.pattern, $0.access.words) }
    }

    private func registerMetrics(of lanes: Lanes) {
        BreakerMetrics.register(dependencies, in: metrics)
        for group in lanes.all {
            let labels: MetricsRegistry.Labels = ["lanes": group.name]
            metrics.gauge("orderd_lanes_busy", help: "Lanes at work.", labels: labels) {
                Double(group.usage.busy)
            }
            metrics.gauge("orderd_lanes_queued", help: "Work waiting for a lane.", labels: labels) {
                Double(group.usage.queued)
            }
            metrics.counter(
                "orderd_lanes_refused_total",
                help: "Work refused, lanes and queue being full.",
                labels: labels
            ) { Double(group.usage.refusals) }
        }
        registerPool("mariadb") { [database] in
            (database.usage.lent, database.usage.waiting, database.usage.exhaustions)
        }
        registerPool("redis_cache") { [cacheRedis] in
            (cacheRedis.usage.lent, cacheRedis.usage.waiting, cacheRedis.usage.exhaustions)
        }
        registerPool("redis_state") { [stateRedis] in
            (stateRedis.usage.lent, stateRedis.usage.waiting, stateRedis.usage.exhaustions)
        }
    }

    /// - Parameters:
    ///   - turns: which.
    ///   - name: that the metrics' names begin with.
    ///   - who: takes them.
    private func registerMetrics(of turns: Turns, _ name: String, _ who: String) {
        metrics.gauge("\(name)_working", help: "\(who) at work of their own.") {
            Double(turns.usage.working)
        }
        metrics.gauge("\(name)_waiting", help: "\(who) waiting for their turn to work.") {
            Double(turns.usage.waiting)
        }
        metrics.counter(
            "\(name)_lent_total",
            help: "Turns that were lent to others, having been held for too long."
        ) { Double(turns.usage.lent) }
        metrics.counter(
            "\(name)_impatient_total",
            help: "\(who) that have worked without their turn, having waited for a second."
        ) { Double(turns.usage.impatient) }
    }

    private func registerPool(
        _ name: String,
        _ read: @escaping @Sendable () -> (lent: Int, waiting: Int, exhausted: Int)
    ) {
        let labels: MetricsRegistry.Labels = ["pool": name]
        metrics.gauge("orderd_pool_lent", help: "Connections in use.", labels: labels) {
            Double(read().lent)
        }
        metrics.gauge("orderd_pool_waiting", help: "Callers waiting.", labels: labels) {
            Double(read().waiting)
        }
        metrics.counter(
            "orderd_pool_exhausted_total",
            help: "Callers that got no connection in time.",
            labels: labels
        ) { Double(read().exhausted) }
    }
}
