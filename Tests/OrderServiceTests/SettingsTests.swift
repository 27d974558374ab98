import Glibc
import Logging
import Resilience
import Testing

@testable import OrderService

@Suite("Settings") struct SettingsTests {
    /// What has no default, and nothing else.
    static let least = [
        "MARIADB_SOCKET": "/run/mysqld.sock",
        "STRIPE_SECRET_KEY": "sk_test_123",
        "STRIPE_WEBHOOK_SECRET": "whsec_1",
        "USER_SERVICE_URL": "http://users",
        "PRODUCT_SERVICE_URL": "http://127.0.0.1:8081/products/",
        "SEALING_KEY": String(repeating: "0f", count: 32),
        "SELLER_NAME": "Magazin Exemplu SRL",
        "SELLER_CUI": "RO90123459",
        "SELLER_STREET": "Strada Exemplului nr. 10",
        "SELLER_CITY": "Cluj-Napoca",
        "SELLER_COUNTY": "RO-CJ",
        "SELLER_POSTAL_CODE": "400001",
    ]

    private func load(_ changes: [String: String]) throws(SettingsError) -> Settings {
        try Settings.load(environment: Self.least.merging(changes) { _, new in new })
    }

    private func problems(_ changes: [String: String]) -> [String] {
        do throws(SettingsError) {
            _ = try load(changes)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("have the documented defaults")
    func defaults() throws {
        let settings = try load([:])
        #expect(settings.warnings == [])
        #expect(settings.server.listeners == [.unix(path: ".run/orderd.sock")])
        #expect(settings.server.peers == ["127.0.0.1", "::1"])
        #expect(settings.server.workers == 0)
        #expect(settings.server.requestDeadline == .seconds(25))
        #expect(settings.server.corsOrigins == [])
        #expect(settings.database.servers == [.unix(path: "/run/mysqld.sock")])
        #expect(settings.database.password == nil)
        #expect(settings.database.encryption == .off)
        #expect(settings.database.lookUpTimeout == .milliseconds(500))
        let redis = Settings.RedisServer(
            address: .tcp(HostPort(host: "127.0.0.1", port: 6_379)),
            user: nil,
            password: nil,
            database: 0
        )
        #expect(settings.redis.cache == redis)
        #expect(settings.redis.state == redis)
        #expect(settings.stripe.apiBase == "https://api.stripe.com")
        #expect(settings.stripe.secretKey.exposed == "sk_test_123")
        #expect(settings.policies[.stripePayment]?.guarding.attemptTimeout == .milliseconds(2_500))
        #expect(settings.stripe.version < "2026-09-30.endive")
        #expect(settings.upstreams.productServiceURL == "http://127.0.0.1:8081/products")
        #expect(settings.sealing.key.exposed == [UInt8](repeating: 0x0F, count: 32))
        #expect(settings.sealing.previousKey == nil)
        #expect(settings.checkout.paymentDeadline == .seconds(1_800))
        #expect(settings.access.guestTokenLife == .seconds(30 * 86_400))
        #expect(settings.limits.payment == PaymentLimits())
        #expect(settings.limits.guestLookUp == GuestLookUpLimits())
        #expect(settings.limits.processes == 2)
        #expect(settings.limits.payment.customerHour == 5)
        #expect(settings.limits.payment.customerDay == 20)
        #expect(settings.limits.payment.addressHour == 10)
        #expect(settings.limits.guestLookUp.addressHour == 20)
        #expect(settings.limits.guestLookUp.orderHour == 5)
        #expect(settings.limits.guestLookUp.emailHour == 5)
        #expect(settings.retention.eventStreamLength == 100_000)
        #expect(
            settings.log
                == .init(level: .info, slowLookUp: .milliseconds(100), lookUpSampling: 1_000)
        )
        #expect(settings.hasMetrics)
    }

    @Test("read lists, hosts and words")
    func values() throws {
        var environment = Self.least
        environment["MARIADB_SOCKET"] = nil
        environment["MARIADB_HOSTS"] = "db1, db2:3307 ,[fd00::2]:3308,"
        environment["LISTEN"] = "unix:/run/a.sock,0.0.0.0:9000"
        environment["CORS_ORIGINS"] = "https://shop.ro,http://localhost:3000"
        environment["STRIPE_WEBHOOK_SECRET"] = "whsec_new, whsec_old"
        environment["MARIADB_TLS"] = "verify"
        environment["METRICS"] = "off"
        environment["LOG_LEVEL"] = "debug"
        environment["WORKERS"] = ""
        let settings = try Settings.load(environment: environment)
        #expect(
            settings.database.servers.map(\.description) == [
                "db1:3306", "db2:3307", "[fd00::2]:3308",
            ]
        )
        #expect(
            settings.server.listeners.map(\.description) == ["unix:/run/a.sock", "0.0.0.0:9000"]
        )
        #expect(settings.server.corsOrigins == ["https://shop.ro", "http://localhost:3000"])
        #expect(settings.stripe.webhookSecrets.map(\.exposed) == ["whsec_new", "whsec_old"])
        #expect(settings.database.encryption == .verify)
        #expect(settings.log.level == .debug)
        #expect(!settings.hasMetrics)
    }

    @Test(
        "name what is wrong with a value",
        arguments: [
            ("MARIADB_POOL", "0", "0 is outside 1…200"),
            ("MARIADB_POOL", "many", "«many» is not a number"),
            ("GRACE", "30", "«30» is not a duration; write 250ms, 30s, 15min, 24h or 30d"),
            ("GRACE", "1.5s", "«1.5s» is not a duration; write 250ms, 30s, 15min, 24h or 30d"),
            ("GRACE", "6min", "6min is outside 1s…5min"),
            ("MARIADB_TLS", "yes", "«yes» is none of off, required, verify"),
            ("METRICS", "1", "«1» is neither on nor off"),
            (
                "USER_SERVICE_URL", "shop.ro",
                "«shop.ro» is not an http:// or https:// URL without user, query and fragment"
            ),
            (
                "USER_SERVICE_URL", "http://",
                "«http://» is not an http:// or https:// URL without user, query and fragment"
            ),
            ("CORS_ORIGINS", "https://a.ro/x", "«https://a.ro/x» is not scheme://host[:port]"),
            ("LISTEN", "9000", "«9000» is neither unix:<path> nor host:port"),
            ("LISTEN", ",", "names no address"),
            ("LISTEN_PEERS", "localhost", "«localhost» is not an IP address"),
            ("STRIPE_VERSION", "2026", "«2026» is not YYYY-MM-DD.name"),
            ("SEALING_KEY", "abc", "is not 64 hexadecimal digits"),
            (
                "SEALING_KEY_PREVIOUS", String(repeating: "g", count: 64),
                "is not 64 hexadecimal digits"
            ),
            ("STRIPE_SECRET_KEY", "", "is required (or STRIPE_SECRET_KEY_FILE)"),
            ("STRIPE_WEBHOOK_SECRET", " , ", "names no secret"),
            ("USER_SERVICE_URL", "", "is required"),
            ("MARIADB_HOSTS", "db:0", "«db:0» is not host[:port]"),
            ("REDIS_STATE_PORT", "6380", "is set without REDIS_STATE_HOST"),
            ("UPSTREAM_BUDGET", "26s", "26s is longer than REQUEST_DEADLINE, 25s"),
            (
                "STRIPE_PAYMENT_POLICY", "attemptTimeout=7s",
                "totalTimeout must not be below attemptTimeout"
            ),
            ("CHECKOUT_SLIDING", "2h", "2h is longer than CHECKOUT_MAXIMUM, 1h"),
            (
                "PAYMENT_LIMIT_CUSTOMER_HOUR", "21",
                "21 is more than PAYMENT_LIMIT_CUSTOMER_DAY, 20"
            ),
            ("SELLER_NAME", "", "is required"),
            (
                "SELLER_CUI", "RO90123458",
                "«RO90123458» is not a fiscal code with its check digit"
            ),
            (
                "SELLER_CITY", String(repeating: "x", count: 51),
                "has 51 characters, and not 1 to 50"
            ),
            (
                "SELLER_COUNTY", "Cluj",
                "«Cluj» is not a Romanian county's code, such as RO-CJ"
            ),
            ("SELLER_POSTAL_CODE", "40001", "«40001» is not six digits"),
            (
                "INVOICE_SERIES", "mex-",
                "«mex-» is not 1 to 20 capital letters and digits, a letter first"
            ),
            ("CREDIT_NOTE_SERIES", "MEX", "is INVOICE_SERIES as well"),
            ("PAYMENT_LIMIT_ADDRESS_HOUR", "0", "0 is outside 1…1000000"),
            ("LIMIT_PROCESSES", "101", "101 is outside 1…100"),
            ("STRIPE_SECRET_KEY_FILE", "/nowhere", ""),
        ]
    )
    func faults(name: String, value: String, text: String) {
        let expected =
            text.isEmpty
            ? "STRIPE_SECRET_KEY: is set, and STRIPE_SECRET_KEY_FILE as well; one of them is enough"
            : "\(name): \(text)"
        #expect(problems([name: value]) == [expected])
    }

    @Test("report all problems at once")
    func together() throws {
        let error = #expect(throws: SettingsError.self) { try Settings.load(environment: [:]) }
        #expect(
            error?.problems.map(\.setting) == [
                "MARIADB_HOSTS", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "USER_SERVICE_URL",
                "PRODUCT_SERVICE_URL", "SEALING_KEY", "SELLER_NAME", "SELLER_CUI", "SELLER_STREET",
                "SELLER_CITY", "SELLER_COUNTY", "SELLER_POSTAL_CODE",
            ]
        )
        #expect(problems(["WORKERS": "-1", "GRACE": "x", "LOG_LEVEL": "loud"]).count == 3)
    }

    @Test("use one way to a server")
    func oneWay() {
        #expect(
            problems(["MARIADB_HOSTS": "db"]) == [
                "MARIADB_SOCKET: is set, and MARIADB_HOSTS as well; one is enough"
            ]
        )
        #expect(
            problems(["REDIS_CACHE_SOCKET": "/r", "REDIS_CACHE_HOST": "r"]) == [
                "REDIS_CACHE_SOCKET: is set, and REDIS_CACHE_HOST as well; one is enough"
            ]
        )
    }

    @Test("take the cache's Redis for state, or another one")
    func redisState() throws {
        let cache = ["REDIS_CACHE_SOCKET": "/run/redis", "REDIS_CACHE_PASSWORD": "p"]
        let same = try load(cache.merging(["REDIS_STATE_DATABASE": "2"]) { $1 }).redis
        #expect(same.state.address == .unix(path: "/run/redis"))
        #expect(same.state.password?.exposed == "p")
        #expect(same.state.database == 2)

        let other = try load(cache.merging(["REDIS_STATE_HOST": "r2"]) { $1 }).redis
        #expect(other.state.address == .tcp(HostPort(host: "r2", port: 6_379)))
        #expect(other.state.password == nil)
    }

    @Test("warn of names that are no settings, with the one that may be meant")
    func unknownNames() throws {
        let settings = try load([
            "MARIADB_POLL": "3", "STRIPE_X_Y_Z_A": "1", "LOG_FILE": "x",
            "PAYMENT_LIMIT_CUSTOMER_DAYS": "7", "LIMIT_PROCESSORS": "3",
        ])
        #expect(
            settings.warnings == [
                "LIMIT_PROCESSORS is not a setting; is LIMIT_PROCESSES meant?",
                "MARIADB_POLL is not a setting; is MARIADB_POOL meant?",
                "PAYMENT_LIMIT_CUSTOMER_DAYS is not a setting; "
                    + "is PAYMENT_LIMIT_CUSTOMER_DAY meant?",
                "STRIPE_X_Y_Z_A is not a setting",
            ]
        )
    }

    @Test("never print secrets")
    func printing() throws {
        let settings = try load(["MARIADB_PASSWORD": "hunter2", "MARIADB_POOL": "7"])
        var dumped = ""
        dump(settings, to: &dumped)
        dump(settings.stripe, to: &dumped)
        dump(settings.database, to: &dumped)
        for text in ["\(settings)", "\(settings.database)", "\(settings.stripe)", dumped] {
            for secret in ["hunter2", "sk_test_123", "whsec_1", "0f0f"] {
                #expect(!text.contains(secret))
            }
        }
        #expect(settings.description.contains("MARIADB_PASSWORD=(set)\n"))
        #expect(settings.description.contains("MARIADB_POOL=7\n"))
        #expect(settings.description.contains("REDIS_CACHE_PASSWORD=\n"))
    }

    @Test("say nothing of a secret's value in a problem")
    func secretProblems() {
        let key = String(repeating: "e", count: 63)
        #expect(problems(["SEALING_KEY": key]).allSatisfy { !$0.contains("eee") })
    }
}
