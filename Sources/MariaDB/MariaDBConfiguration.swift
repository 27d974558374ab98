internal import Resilience

/// Where the database is and how to use it.
package struct MariaDBConfiguration: Sendable {
    /// A server reached by TCP.
    package struct Host: Sendable, Equatable {
        package var name: String
        package var port: UInt16

        package init(_ name: String, port: UInt16 = 3306) {
            self.name = name
            self.port = port
        }
    }

    /// The ways to reach the server.
    package enum Address: Sendable, Equatable {
        /// Nodes of one cluster, tried in this order until one takes changes.
        case hosts([Host])
        case unixSocket(path: String)
    }

    /// Whether and how the connection is encrypted.
    package enum TLS: Sendable, Equatable {
        case off
        /// Encrypted or not connected. With `authority`, a PEM file, the certificate must be
        /// signed by it; with `verifiesHost`, it must also carry the host's name.
        case required(authority: String? = nil, verifiesHost: Bool = true)
    }

    package var address: Address
    package var user: String?
    package var password: String?
    package var database: String?
    package var tls: TLS = .off

    /// For each host tried; whole seconds to the library, so it is rounded up.
    package var connectTimeout: Duration = .seconds(2)
    package var poolSize = 16
    /// How long a caller waits for a free connection, if its deadline allows that long.
    package var poolWait: Duration = .milliseconds(500)
    package var statementLimits = StatementLimits()
    /// How long a statement waits for a row lock; the server takes whole seconds, at least 1.
    package var lockWait: Duration = .seconds(1)
    /// How many prepared statements a connection keeps.
    package var statementCacheSize = 128

    package init(
        address: Address,
        user: String? = nil,
        password: String? = nil,
        database: String? = nil
    ) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
    }
}

extension Duration {
    /// Whole seconds, rounded up, at least 1: the least that the library and server can be told.
    var secondsRoundedUp: UInt32 {
        let seconds = (max(self, .zero).wholeMilliseconds + 999) / 1_000
        return UInt32(clamping: max(1, min(seconds, 86_400)))
    }
}
