package import Commerce
package import Logging

/// The settings of the process: read once at start, checked as a whole, and never changed.
package struct Settings: Sendable {
    package var server: Server
    package var database: Database
    package var redis: RedisServers
    package var stripe: Stripe
    package var upstreams: Upstreams
    package var policies: [Dependency: DependencyPolicy]
    package var sealing: Sealing
    package var checkout: Checkout
    package var refunds: Refunds
    package var invoicing: Invoicing
    package var access: Access
    package var limits: Limits
    package var fraud: Fraud
    package var retention: Retention
    package var catchUp: CatchUp
    package var reconciliation: Reconciliation
    package var log: Log
    /// Whether `/metrics` answers.
    package var hasMetrics: Bool

    /// What is odd without being wrong, such as names that are no settings.
    package var warnings: [String]

    /// The value of each setting as it was written, «(set)» for secrets, for `description`.
    let written: [(setting: Setting, text: String)]
}

extension Settings {
    /// The FastCGI side and the threads behind it.
    package struct Server: Sendable, Equatable {
        package var listeners: [ServerAddress]
        /// Addresses that may connect to TCP listeners.
        package var peers: [String]
        /// 0 for one per two cores.
        package var workers: Int
        package var readLanes: Int
        package var requestLanes: Int
        /// 0 for as many as fit where MariaDB is.
        package var requestTurns: Int
        package var laneQueue: Int
        package var requestDeadline: Duration
        package var grace: Duration
        package var corsOrigins: [String]
    }

    /// MariaDB; in `servers` either one socket or hosts in the order in which they are tried.
    package struct Database: Sendable, Equatable {
        /// How connections are encrypted.
        package enum Encryption: String, Sendable {
            case off
            case required
            /// Required, and the server's certificate is checked.
            case verify
        }

        package var servers: [ServerAddress]
        package var user: String
        package var password: Secret<String>?
        package var name: String
        package var encryption: Encryption
        package var authorityFile: String?
        package var poolSize: Int
        package var poolWait: Duration
        package var connectTimeout: Duration
        package var lookUpTimeout: Duration
        package var searchTimeout: Duration
        package var writeTimeout: Duration
        package var jobTimeout: Duration
    }

    /// One Redis server and the account there.
    package struct RedisServer: Sendable, Equatable {
        package var address: ServerAddress
        package var user: String?
        package var password: Secret<String>?
        package var database: Int
    }

    /// The Redis for caches, which may evict, and the one for state, which must not.
    package struct RedisServers: Sendable, Equatable {
        package var cache: RedisServer
        package var state: RedisServer
        package var timeout: Duration
        /// Connections to each of the two.
        package var poolSize: Int
    }

    /// Stripe's API and webhook.
    package struct Stripe: Sendable, Equatable {
        /// Without a slash at its end.
        package var apiBase: String
        package var secretKey: Secret<String>
        /// At least one; a webhook is genuine if any of them has signed it.
        package var webhookSecrets: [Secret<String>]
        package var webhookTolerance: Duration
        package var version: String
    }

    /// user-service and product-service; their URLs have no slash at the end.
    package struct Upstreams: Sendable, Equatable {
        package var userServiceURL: String
        package var productServiceURL: String
        /// Nil where no service scores completions.
        package var fraudScoringURL: String?
        /// The time of all calls for one request.
        package var budget: Duration
        /// Connections to each of them.
        package var poolSize: Int
    }

    /// The keys under which stored answers are encrypted, 32 bytes each.
    package struct Sealing: Sendable, Equatable {
        package var key: Secret<[UInt8]>
        package var previousKey: Secret<[UInt8]>?
    }

    /// Checkout sessions, payment deadlines, reservations.
    package struct Checkout: Sendable, Equatable {
        package var slidingLife: Duration
        package var maximumLife: Duration
        /// Nil for the built-in methods.
        package var shippingMethodsFile: String?
        package var paymentDeadline: Duration
        package var reservationMargin: Duration
    }

    /// How much may be refunded, in minor units.
    package struct Refunds: Sendable, Equatable {
        /// Of one order, by support.
        package var supportLimit: Int64
        /// Of all orders in a day; 0 for no limit.
        package var dailyLimit: Int64
    }

    /// Who sells, and how invoices are numbered.
    package struct Invoicing: Sendable, Equatable {
        package var seller: InvoiceParty
        package var invoiceSeries: String
        package var creditNoteSeries: String
    }

    /// The lives of tokens.
    package struct Access: Sendable, Equatable {
        package var guestTokenLife: Duration
        /// How long a link may be issued for a look-up.
        package var guestLookUpLife: Duration
        package var maximumSessionLife: Duration
    }

    /// The limits of attempts to pay, and of guests' look-ups.
    package struct Limits: Sendable, Equatable {
        package var payment: PaymentLimits
        package var guestLookUp: GuestLookUpLimits
        /// How many processes share them while Redis is away.
        package var processes: Int
    }

    /// The checks for fraud.
    package struct Fraud: Sendable, Equatable {
        package var policy: FraudPolicy
        /// How long somebody may take to look.
        package var reviewTime: Duration
    }

    /// How long what is done is kept.
    package struct Retention: Sendable, Equatable {
        package var idempotency: Duration
        package var idempotencyWithSecret: Duration
        package var outbox: Duration
        package var guestAccesses: Duration
        package var checkout: Duration
        /// Of sessions and guests' tokens, from their end.
        package var access: Duration
        package var webhook: Duration
        /// Personal data of orders that brought no money.
        package var unpaidOrder: Duration
        /// Contact and delivery of orders that did.
        package var orderContact: Duration
        /// Whom their invoices are for.
        package var accounting: Duration
        /// Events, approximately.
        package var eventStreamLength: Int
    }

    /// The comparison of Stripe's list of events with the inbox.
    package struct CatchUp: Sendable, Equatable {
        /// Zero for never.
        package var interval: Duration
        /// How old an event has to be.
        package var delay: Duration
    }

    /// The comparison of our books with those of others.
    package struct Reconciliation: Sendable, Equatable {
        /// Zero for never.
        package var interval: Duration
    }

    /// What is logged.
    package struct Log: Sendable, Equatable {
        package var level: Logger.Level
        package var slowLookUp: Duration
        /// One in so many ordinary look-ups; 0 for none.
        package var lookUpSampling: Int
    }
}

extension Settings: CustomStringConvertible, CustomReflectable {
    /// One line for each setting, `NAME=value`; secrets are «(set)» or empty.
    package var description: String {
        written.map { "\($0.setting.name)=\($0.text)" }.joined(separator: "\n")
    }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
