/// A setting of the service by its name in the environment; `Setting+Table.swift` says the rest.
///
/// The order is that of the README's table.
package enum Setting: String, Sendable, CaseIterable {
    case configurationFile = "ORDERD_CONFIG"

    case listen = "LISTEN"
    case listenPeers = "LISTEN_PEERS"
    case workers = "WORKERS"
    case readLanes = "READ_LANES"
    case requestLanes = "REQUEST_LANES"
    case laneQueue = "LANE_QUEUE"
    case requestDeadline = "REQUEST_DEADLINE"
    case grace = "GRACE"
    case corsOrigins = "CORS_ORIGINS"

    case mariaDBHosts = "MARIADB_HOSTS"
    case mariaDBSocket = "MARIADB_SOCKET"
    case mariaDBUser = "MARIADB_USER"
    case mariaDBPassword = "MARIADB_PASSWORD"
    case mariaDBDatabase = "MARIADB_DATABASE"
    case mariaDBTLS = "MARIADB_TLS"
    case mariaDBCAFile = "MARIADB_CA_FILE"
    case mariaDBPool = "MARIADB_POOL"
    case mariaDBPoolWait = "MARIADB_POOL_WAIT"
    case mariaDBConnectTimeout = "MARIADB_CONNECT_TIMEOUT"
    case mariaDBLookUpTimeout = "MARIADB_LOOKUP_TIMEOUT"
    case mariaDBWriteTimeout = "MARIADB_WRITE_TIMEOUT"
    case mariaDBJobTimeout = "MARIADB_JOB_TIMEOUT"

    case redisCacheSocket = "REDIS_CACHE_SOCKET"
    case redisCacheHost = "REDIS_CACHE_HOST"
    case redisCachePort = "REDIS_CACHE_PORT"
    case redisCacheUser = "REDIS_CACHE_USER"
    case redisCachePassword = "REDIS_CACHE_PASSWORD"
    case redisCacheDatabase = "REDIS_CACHE_DATABASE"
    case redisStateSocket = "REDIS_STATE_SOCKET"
    case redisStateHost = "REDIS_STATE_HOST"
    case redisStatePort = "REDIS_STATE_PORT"
    case redisStateUser = "REDIS_STATE_USER"
    case redisStatePassword = "REDIS_STATE_PASSWORD"
    case redisStateDatabase = "REDIS_STATE_DATABASE"
    case redisTimeout = "REDIS_TIMEOUT"
    case redisPool = "REDIS_POOL"

    case stripeAPIBase = "STRIPE_API_BASE"
    case stripeSecretKey = "STRIPE_SECRET_KEY"
    case stripeWebhookSecret = "STRIPE_WEBHOOK_SECRET"
    case stripeVersion = "STRIPE_VERSION"

    case userServiceURL = "USER_SERVICE_URL"
    case productServiceURL = "PRODUCT_SERVICE_URL"
    case fraudScoringURL = "FRAUD_SCORING_URL"
    case upstreamBudget = "UPSTREAM_BUDGET"
    case upstreamPool = "UPSTREAM_POOL"

    case stripePaymentPolicy = "STRIPE_PAYMENT_POLICY"
    case stripeRefundPolicy = "STRIPE_REFUND_POLICY"
    case stripeReadPolicy = "STRIPE_READ_POLICY"
    case userServicePolicy = "USER_SERVICE_POLICY"
    case productServicePolicy = "PRODUCT_SERVICE_POLICY"
    case fraudScoringPolicy = "FRAUD_SCORING_POLICY"
    case redisCachePolicy = "REDIS_CACHE_POLICY"
    case redisStatePolicy = "REDIS_STATE_POLICY"
    case mariaDBPolicy = "MARIADB_POLICY"

    case sealingKey = "SEALING_KEY"
    case previousSealingKey = "SEALING_KEY_PREVIOUS"

    case checkoutSliding = "CHECKOUT_SLIDING"
    case checkoutMaximum = "CHECKOUT_MAXIMUM"
    case shippingMethodsFile = "SHIPPING_METHODS_FILE"
    case paymentDeadline = "PAYMENT_DEADLINE"
    case reservationMargin = "RESERVATION_MARGIN"
    case refundSupportLimit = "REFUND_SUPPORT_LIMIT"
    case refundDailyLimit = "REFUND_DAILY_LIMIT"
    case guestTokenTTL = "GUEST_TOKEN_TTL"
    case guestLookUpTTL = "GUEST_LOOKUP_TTL"
    case sessionTTLMaximum = "SESSION_TTL_MAXIMUM"

    case paymentLimitCustomerHour = "PAYMENT_LIMIT_CUSTOMER_HOUR"
    case paymentLimitCustomerDay = "PAYMENT_LIMIT_CUSTOMER_DAY"
    case paymentLimitAddressHour = "PAYMENT_LIMIT_ADDRESS_HOUR"
    case guestLookUpLimitAddressHour = "GUEST_LOOKUP_LIMIT_ADDRESS_HOUR"
    case guestLookUpLimitOrderHour = "GUEST_LOOKUP_LIMIT_ORDER_HOUR"
    case guestLookUpLimitEmailHour = "GUEST_LOOKUP_LIMIT_EMAIL_HOUR"
    case limitProcesses = "LIMIT_PROCESSES"

    case fraudReviewScore = "FRAUD_REVIEW_SCORE"
    case fraudBlockScore = "FRAUD_BLOCK_SCORE"
    case fraudRules = "FRAUD_RULES"
    case fraudReviewTime = "FRAUD_REVIEW_TIME"

    case idempotencyRetention = "IDEMPOTENCY_RETENTION"
    case idempotencySecretRetention = "IDEMPOTENCY_SECRET_RETENTION"
    case outboxRetention = "OUTBOX_RETENTION"
    case guestAccessRetention = "GUEST_ACCESS_RETENTION"
    case checkoutRetention = "CHECKOUT_RETENTION"
    case accessRetention = "ACCESS_RETENTION"
    case webhookRetention = "WEBHOOK_RETENTION"
    case unpaidOrderRetention = "UNPAID_ORDER_RETENTION"
    case orderContactRetention = "ORDER_CONTACT_RETENTION"
    case accountingRetention = "ACCOUNTING_RETENTION"
    case eventStreamLength = "EVENT_STREAM_LENGTH"
    case webhookTolerance = "WEBHOOK_TOLERANCE"
    case catchUpInterval = "CATCH_UP_INTERVAL"
    case catchUpDelay = "CATCH_UP_DELAY"
    case reconcileInterval = "RECONCILE_INTERVAL"

    case logLevel = "LOG_LEVEL"
    case logLookUpSlow = "LOG_LOOKUP_SLOW"
    case logLookUpSample = "LOG_LOOKUP_SAMPLE"
    case metrics = "METRICS"

    /// The name in the environment and in the configuration file.
    package var name: String { rawValue }

    /// The name of the variable that names a file with the value; secrets have one.
    package var fileName: String? { isSecret ? rawValue + "_FILE" : nil }

    package var isSecret: Bool { specification.isSecret }
}
