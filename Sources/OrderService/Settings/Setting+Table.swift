extension Setting {
    /// The one table of all settings: form, range, default and meaning.
    var specification: SettingSpecification {
        switch self {
        case .configurationFile:
            .init(.path, "A file of further settings, `NAME=value` a line; the environment wins.")

        case .listen:
            .init(.listeners, default: "unix:.run/orderd.sock", "Where nginx connects by FastCGI.")
        case .listenPeers:
            .init(
                .addresses,
                default: "127.0.0.1,::1",
                "Who may connect to the `host:port` listeners."
            )
        case .workers:
            .count(
                "0",
                0...64,
                "Threads that read requests; 0 for one per two cores, at least one."
            )
        case .readLanes: .count("16", 1...100, "Lanes for look-ups that the cache cannot answer.")
        case .requestLanes:
            .count("48", 1...150, "Lanes for writes and for routes that call other services.")
        case .requestTurns:
            .count(
                "0",
                0...150,
                """
                How many of these work at once, and of a worker's deliveries and tasks; who waits for \
                another service is not counted. 0 for one per core, at least two, with \
                `MARIADB_SOCKET`, eight with `MARIADB_HOSTS`.
                """
            )
        case .laneQueue: .count("256", 1...100_000, "Requests that may wait for a lane.")
        case .requestDeadline:
            .duration(
                "25s",
                .seconds(1)...(.minutes(5)),
                "Longest time for a request; keep it below nginx's `fastcgi_read_timeout`."
            )
        case .grace:
            .duration(
                "20s",
                .seconds(1)...(.minutes(5)),
                "Time for requests in flight when the process is told to stop."
            )
        case .corsOrigins: .init(.origins, "Web origins whose scripts may call the service.")

        case .mariaDBHosts:
            .init(.hosts, note: "this or `MARIADB_SOCKET`", "MariaDB servers, tried in this order.")
        case .mariaDBSocket:
            .init(.path, note: "this or `MARIADB_HOSTS`", "MariaDB's unix socket.")
        case .mariaDBUser: .init(.text, default: "orders", "MariaDB account.")
        case .mariaDBPassword: .secret("Its password.")
        case .mariaDBDatabase: .init(.text, default: "orders", "MariaDB schema.")
        case .mariaDBTLS:
            .init(
                .choice(["off", "required", "verify"]),
                default: "off",
                "Encryption of connections to MariaDB hosts; `verify` checks the certificate."
            )
        case .mariaDBCAFile:
            .init(.path, note: "the system's", "Certificates that MariaDB's is checked against.")
        case .mariaDBPool: .count("24", 1...200, "Connections to MariaDB.")
        case .mariaDBPoolWait:
            .duration("1s", .milliseconds(1)...(.minutes(1)), "Longest wait for a free one.")
        case .mariaDBConnectTimeout:
            .duration("2s", .seconds(1)...(.minutes(1)), "Longest time to connect.")
        case .mariaDBLookUpTimeout:
            .duration(
                "500ms",
                .milliseconds(10)...(.minutes(1)),
                "Longest time of a statement that looks up."
            )
        case .mariaDBSearchTimeout:
            .duration(
                "2s",
                .milliseconds(10)...(.minutes(1)),
                "Longest time of a statement that searches orders or invoices for the staff."
            )
        case .mariaDBWriteTimeout:
            .duration(
                "2s",
                .milliseconds(10)...(.minutes(1)),
                "Longest time of a statement that writes; any waits for a lock for half of it, in whole seconds."
            )
        case .mariaDBJobTimeout:
            .duration(
                "10s",
                .milliseconds(10)...(.hours(1)),
                "Longest time of a statement of the worker."
            )

        case .redisCacheSocket:
            .init(.path, "Unix socket of the Redis for caches, instead of host and port.")
        case .redisCacheHost: .init(.text, default: "127.0.0.1", "Its host.")
        case .redisCachePort: .count("6379", 1...65_535, "Its port.")
        case .redisCacheUser: .init(.text, "Its account.")
        case .redisCachePassword: .secret("Its password.")
        case .redisCacheDatabase: .count("0", 0...1_000, "Its database.")
        case .redisStateSocket:
            .init(
                .path,
                note: "the cache's",
                "Unix socket of the Redis for limits, timeouts and events, which must not evict."
            )
        case .redisStateHost: .init(.text, note: "the cache's", "Its host.")
        case .redisStatePort:
            .init(.count(1...65_535), note: "6379, or the cache's", "Its port.")
        case .redisStateUser: .init(.text, note: "none, or the cache's", "Its account.")
        case .redisStatePassword: .secret(note: "none, or the cache's", "Its password.")
        case .redisStateDatabase:
            .init(.count(0...1_000), note: "0, or the cache's", "Its database.")
        case .redisTimeout:
            .duration(
                "50ms",
                .milliseconds(1)...(.seconds(10)),
                "Longest time of one trip to Redis; one of the limits may take ten times as long."
            )
        case .redisPool: .count("24", 1...200, "Connections to each Redis.")

        case .stripeAPIBase:
            .init(.url, default: "https://api.stripe.com", "Where Stripe's API is.")
        case .stripeSecretKey: .secret(note: "required", "Stripe's secret or restricted key.")
        case .stripeWebhookSecret:
            .secret(
                form: .secrets,
                note: "required",
                "Signing secrets of the webhook; several while one is replaced."
            )
        case .stripeVersion:
            .init(
                .stripeVersion,
                default: "2026-08-26.dahlia",
                "The `Stripe-Version` of all calls."
            )

        case .userServiceURL: .init(.url, note: "required", "Where user-service is.")
        case .productServiceURL: .init(.url, note: "required", "Where product-service is.")
        case .fraudScoringURL:
            .init(
                .url,
                note: "none: the rules alone decide",
                "Where a service is that scores completions for fraud."
            )
        case .upstreamBudget:
            .duration(
                "7s",
                .milliseconds(100)...(.minutes(2)),
                "Longest time of all calls to other services for one request."
            )
        case .upstreamPool:
            .count("64", 1...500, "Connections to each other service that are kept.")

        case .stripePaymentPolicy: .policy("creating payments at Stripe")
        case .stripeRefundPolicy: .policy("refunds at Stripe")
        case .stripeReadPolicy: .policy("reading at Stripe, and cancelling")
        case .userServicePolicy: .policy("user-service")
        case .productServicePolicy: .policy("product-service")
        case .fraudScoringPolicy: .policy("the scoring service")
        case .redisCachePolicy: .policy("the Redis for caches")
        case .redisStatePolicy: .policy("the Redis for state")
        case .mariaDBPolicy: .policy("MariaDB")

        case .sealingKey:
            .secret(
                form: .sealingKey,
                note: "required",
                "Key under which stored answers are encrypted."
            )
        case .previousSealingKey:
            .secret(form: .sealingKey, "The key before it, still tried for reading.")

        case .checkoutSliding:
            .duration(
                "30min",
                .minutes(1)...(.hours(24)),
                "A checkout session ends this long after its last use,"
            )
        case .checkoutMaximum:
            .duration("60min", .minutes(1)...(.hours(24)), "and this long after its beginning.")
        case .shippingMethodsFile:
            .init(.path, note: "built-in methods", "JSON file of shipping methods and prices.")
        case .paymentDeadline:
            .duration(
                "30min",
                .minutes(1)...(.hours(24)),
                "Time to pay, from when a payment can be made."
            )
        case .reservationMargin:
            .duration(
                "15min",
                .minutes(1)...(.hours(24)),
                "Stock is reserved this much longer than that."
            )
        case .refundSupportLimit:
            .count(
                "20000",
                0...1_000_000_000,
                "Support may refund so much of one order, in bani; beyond it finance and admin."
            )
        case .refundDailyLimit:
            .count(
                "5000000",
                0...1_000_000_000_000,
                "All refunds asked for in a day (UTC), in bani; 0 for no limit."
            )
        case .guestTokenTTL: .duration("30d", .hours(1)...(.days(365)), "Life of a guest token.")
        case .guestLookUpTTL:
            .duration(
                "1h",
                .minutes(1)...(.hours(24)),
                "How long the mailer may make a link of a look-up."
            )
        case .sessionTTLMaximum:
            .duration("30d", .minutes(1)...(.days(365)), "Longest life of a session token.")

        case .sellerName:
            .init(.words(1...200), note: "required", "The company's name, as invoices have it.")
        case .sellerCUI:
            .init(.cui, note: "required", "Its fiscal code (CUI), with or without `RO`.")
        case .sellerVATPayer:
            .init(.onOff, default: "on", "Whether it is registered for VAT.")
        case .sellerTradeRegister:
            .init(.words(1...200), "Its number in the trade register, such as `J12/1234/2015`.")
        case .sellerLegalText:
            .init(.words(1...1_000), "What else the law wants on invoices: the share capital.")
        case .sellerStreet: .init(.words(1...150), note: "required", "Its address: the street,")
        case .sellerCity:
            .init(
                .words(1...50),
                note: "required",
                "the city, in Bucharest `SECTOR1` to `SECTOR6`,"
            )
        case .sellerCounty: .init(.county, note: "required", "the county,")
        case .sellerPostalCode: .init(.postalCode, note: "required", "and the postal code.")
        case .sellerPhone: .init(.words(1...100), "Its telephone number, as invoices have it.")
        case .sellerEmail: .init(.words(3...100), "Its e-mail address, as invoices have it.")
        case .invoiceSeries: .init(.series, default: "MEX", "The series of invoices' numbers,")
        case .creditNoteSeries:
            .init(.series, default: "MEXS", "and that of credit notes, which is another one.")

        case .paymentLimitCustomerHour:
            .count("5", 1...1_000_000, "Attempts to pay that a customer has in an hour,")
        case .paymentLimitCustomerDay: .count("20", 1...1_000_000, "and in a day;")
        case .paymentLimitAddressHour:
            .count("10", 1...1_000_000, "and those from one address (IPv6: its /64) in an hour.")
        case .guestLookUpLimitAddressHour:
            .count(
                "20",
                1...1_000_000,
                "Look-ups by number and e-mail from one address in an hour,"
            )
        case .guestLookUpLimitOrderHour:
            .count("5", 1...1_000_000, "of one order number,")
        case .guestLookUpLimitEmailHour:
            .count("5", 1...1_000_000, "and of one e-mail address.")
        case .limitProcesses:
            .count("2", 1...100, "`orderd serve` processes that share these while Redis is away.")

        case .fraudReviewScore:
            .count(
                "50",
                1...1_000_000,
                "From this score of the fraud rules on somebody has to look,"
            )
        case .fraudBlockScore:
            .count("100", 1...1_000_000, "and from this one on there is no order.")
        case .fraudRules:
            .init(
                .rules,
                note: "see `Operating.md`",
                "Weights of fraud rules that differ, such as `velocity_email=30@6 new_customer=0`."
            )
        case .fraudReviewTime:
            .duration(
                "24h",
                .minutes(1)...(.days(6)),
                "After this a review is rejected by itself, unless the money is taken."
            )

        case .idempotencyRetention:
            .duration("72h", .hours(1)...(.days(30)), "How long answers are kept for repeats,")
        case .idempotencySecretRetention:
            .duration("24h", .hours(1)...(.days(30)), "and those that hold a payment's secret.")
        case .outboxRetention:
            .duration("14d", .hours(1)...(.days(365)), "How long sent events are kept in MariaDB.")
        case .guestAccessRetention:
            .duration(
                "90d",
                .days(1)...(.days(730)),
                "How long it is kept when and from where guests looked at orders."
            )
        case .checkoutRetention:
            .duration("7d", .days(1)...(.days(365)), "How long checkouts are kept after their end,")
        case .accessRetention:
            .duration("30d", .days(1)...(.days(3_650)), "sessions and guests' tokens after theirs,")
        case .webhookRetention:
            .duration("90d", .days(31)...(.days(3_650)), "and Stripe's deliveries.")
        case .unpaidOrderRetention:
            .duration(
                "180d",
                .days(30)...(.days(3_650)),
                "How long personal data is kept of orders that brought no money,"
            )
        case .orderContactRetention:
            .duration("1095d", .days(30)...(.days(3_650)), "contact and delivery of the others,")
        case .accountingRetention:
            .duration(
                "2375d",
                .days(1_826)...(.days(7_300)),
                "and whom their invoices are for; counted from when they were made."
            )
        case .eventStreamLength:
            .count("100000", 1_000...10_000_000, "About how many events the Redis stream keeps.")
        case .webhookTolerance:
            .duration(
                "300s",
                .seconds(1)...(.hours(1)),
                "Largest difference of a webhook's time to ours."
            )
        case .catchUpInterval:
            .duration(
                "60s",
                .zero...(.hours(1)),
                "How often Stripe's list of events is compared with the inbox; 0s for never."
            )
        case .catchUpDelay:
            .duration(
                "60s",
                .zero...(.hours(24)),
                "Events younger than this are left to their webhook."
            )
        case .reconcileInterval:
            .duration(
                "1h",
                .zero...(.hours(24)),
                "How often a worker compares the books with Stripe's and product-service's; 0s for never."
            )

        case .logLevel:
            .init(
                .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
                default: "info",
                "Least level that is logged."
            )
        case .logLookUpSlow:
            .duration(
                "100ms",
                .zero...(.minutes(1)),
                "Answered look-ups that take longer are logged,"
            )
        case .logLookUpSample:
            .count("1000", 0...1_000_000, "and one in so many of the others; 0 for none.")
        case .metrics: .init(.onOff, default: "on", "Whether `/metrics` answers.")
        }
    }
}
