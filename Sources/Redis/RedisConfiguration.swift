/// How to reach a Redis server, and how much time and how many connections that may take.
package struct RedisConfiguration: Sendable {
    package enum Address: Sendable, Hashable {
        case unix(_ path: String)

        /// Give the address as a number: looking a name up obeys no time limit.
        case tcp(_ host: String, _ port: Int)
    }

    package var address: Address

    /// The user of the access control list; nil for `default`.
    package var user: String?

    /// Nil if the server asks for none.
    package var password: String?

    package var database: Int

    /// Limits connecting and the first reply together, inside of the operation's own limit.
    package var connectTimeout: Duration

    /// Limits an operation as a whole, with the wait for a connection and connecting.
    package var operationTimeout: Duration

    /// How many connections there are at most, at least 1.
    package var poolSize: Int

    /// How long an operation waits for a free connection at most.
    package var poolWait: Duration

    package init(
        address: Address,
        user: String? = nil,
        password: String? = nil,
        database: Int = 0,
        connectTimeout: Duration = .milliseconds(50),
        operationTimeout: Duration = .milliseconds(50),
        poolSize: Int = 16,
        poolWait: Duration = .milliseconds(25)
    ) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
        self.connectTimeout = connectTimeout
        self.operationTimeout = operationTimeout
        self.poolSize = poolSize
        self.poolWait = poolWait
    }
}
