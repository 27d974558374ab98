internal import CMariaDB
internal import Resilience

extension Connection {
    /// Connects to the first server of the configuration that can be used; blocks meanwhile.
    ///
    /// Of several, that is the first one which takes changes: a replica or a node cut off from its
    /// cluster accepts connections, too.
    ///
    /// - Throws: `connectFailed` with the failures of all servers tried, or `deadlineExpired`.
    static func connect(
        _ configuration: MariaDBConfiguration,
        until deadline: Deadline
    ) throws(MariaDBError) -> Connection {
        ClientLibrary.prepare()
        var failures: [MariaDBError.ConnectFailure] = []
        for server in configuration.servers {
            guard !deadline.isExpired else { break }
            let limit = deadline.tightened(to: configuration.connectTimeout)
            do throws(MariaDBError.Failure) {
                let handle = try open(server, configuration, timeout: limit.remaining)
                var connection = Connection(
                    adopting: handle,
                    limits: configuration.statementLimits,
                    statementCacheSize: configuration.statementCacheSize
                )
                try connection.prepareSession(configuration, until: limit)
                if configuration.servers.count > 1 { try connection.checkWritable(until: limit) }
                return connection
            } catch {
                failures.append(.init(server: server.name, cause: error.beforeExecution))
            }
        }
        throw failures.isEmpty
            ? .deadlineExpired(isNotExecuted: true) : .connectFailed(failures)
    }

    private static func open(
        _ server: Server,
        _ configuration: MariaDBConfiguration,
        timeout: Duration
    ) throws(MariaDBError.Failure) -> UnsafeMutablePointer<MYSQL> {
        guard let handle = mysql_init(nil) else { throw .outOfMemory }
        handle.set(MYSQL_OPT_CONNECT_TIMEOUT, to: timeout.secondsRoundedUp)
        handle.set(MYSQL_SET_CHARSET_NAME, to: "utf8mb4")
        // A server may otherwise ask for any file of this machine.
        handle.set(MYSQL_OPT_LOCAL_INFILE, to: UInt32(0))
        handle.set(configuration.tls)
        let connected =
            switch server {
            case .host(let host):
                // The library takes the name localhost for a wish for the socket.
                handle.connect(configuration, MYSQL_PROTOCOL_TCP, host.name, host.port, nil)
            case .unixSocket(let path):
                handle.connect(configuration, MYSQL_PROTOCOL_SOCKET, nil, 0, path)
            }
        var failure = connected ? nil : MariaDBError.Failure(of: handle)
        if connected, configuration.tls != .off, mysql_get_ssl_cipher(handle) == nil {
            failure = .notEncrypted
        }
        guard let failure else { return handle }
        mysql_close(handle)
        throw failure
    }

    private mutating func prepareSession(
        _ configuration: MariaDBConfiguration,
        until deadline: Deadline
    ) throws(MariaDBError.Failure) {
        let modes = [
            "STRICT_ALL_TABLES", "NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ERROR_FOR_DIVISION_BY_ZERO",
            "NO_ENGINE_SUBSTITUTION", "ONLY_FULL_GROUP_BY",
        ]
        let settings = """
            SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, time_zone = '+00:00', \
            sql_mode = '\(modes.joined(separator: ","))', autocommit = 1, \
            tx_isolation = 'READ-COMMITTED', \
            innodb_lock_wait_timeout = \(configuration.lockWait.secondsRoundedUp)
            """
        do throws(MariaDBError) {
            try command(settings, patience: configuration.connectTimeout, until: deadline)
        } catch {
            throw error.failure ?? .timedOut
        }
    }

    private mutating func shows(
        _ what: StaticString,
        _ value: String,
        until deadline: Deadline
    ) throws(MariaDBError) -> Bool {
        let rows = try query("SHOW \(unescaped: what)", until: deadline)
        return try rows.first?.string("Value") == value
    }

    /// Makes sure that the server takes changes.
    private mutating func checkWritable(until deadline: Deadline) throws(MariaDBError.Failure) {
        do throws(MariaDBError) {
            // A server without Galera is never «ready».
            let isNode = try shows("VARIABLES LIKE 'wsrep_on'", "ON", until: deadline)
            if isNode, try !shows("STATUS LIKE 'wsrep_ready'", "ON", until: deadline) {
                throw .failed(.notReady)
            }
            let server = try query("SELECT @@read_only AS is_read_only", until: deadline)
            if try server.first?.bool("is_read_only") == true { throw .failed(.readOnly) }
        } catch {
            throw error.failure ?? .timedOut
        }
    }
}

/// A server to connect to.
private enum Server {
    case host(MariaDBConfiguration.Host)
    case unixSocket(path: String)

    var name: String {
        switch self {
        case .host(let host): "\(host.name):\(host.port)"
        case .unixSocket(let path): path
        }
    }
}

extension MariaDBConfiguration {
    fileprivate var servers: [Server] {
        switch address {
        case .hosts(let hosts): hosts.map { .host($0) }
        case .unixSocket(let path): [.unixSocket(path: path)]
        }
    }
}

extension MariaDBError.Failure {
    fileprivate static let notEncrypted = MariaDBError.Failure(
        code: .tlsFailed,
        sqlState: "08001",
        message: "the server does not encrypt",
        isNotExecuted: true
    )

    fileprivate static let readOnly = MariaDBError.Failure(
        code: .readOnly,
        sqlState: "HY000",
        message: "the server is read-only",
        isNotExecuted: true
    )

    fileprivate static let notReady = MariaDBError.Failure(
        code: .unknownCommand,
        sqlState: "08S01",
        message: "the node is not part of its cluster",
        isNotExecuted: true
    )

    fileprivate static let timedOut = MariaDBError.Failure(
        code: .connectionLost,
        sqlState: "08001",
        message: "the server did not answer in time",
        isNotExecuted: true
    )
}

extension UnsafeMutablePointer<MYSQL> {
    fileprivate func set(_ option: mysql_option, to value: UInt32) {
        var value = value
        mysql_options(self, option, &value)
    }

    fileprivate func set(_ option: mysql_option, to text: String) {
        mysql_options(self, option, text)
    }

    fileprivate func set(_ tls: MariaDBConfiguration.TLS) {
        guard case .required(let authority, let verifiesHost) = tls else { return }
        var isOn: my_bool = 1
        mysql_options(self, MYSQL_OPT_SSL_ENFORCE, &isOn)
        if let authority { set(MYSQL_OPT_SSL_CA, to: authority) }
        var verifies: my_bool = verifiesHost ? 1 : 0
        mysql_options(self, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies)
    }

    fileprivate func connect(
        _ configuration: MariaDBConfiguration,
        _ transport: mysql_protocol_type,
        _ host: String?,
        _ port: UInt16,
        _ path: String?
    ) -> Bool {
        set(MYSQL_OPT_PROTOCOL, to: transport.rawValue)
        return mysql_real_connect(
            self,
            host,
            configuration.user,
            configuration.password,
            configuration.database,
            UInt32(port),
            path,
            UInt(CLIENT_MULTI_RESULTS)
        ) != nil
    }
}
