import CHiredis
import Glibc
import Resilience

/// A connection to Redis, greeted and ready for commands.
///
/// After an error it is dead: replies would no longer fit their requests. Whoever catches one
/// drops the connection.
package struct RedisConnection: ~Copyable {
    private let context: UnsafeMutablePointer<redisContext>
    private let builder = ReplyBuilder()

    // Bytes of an unused buffer that are kept: hiredis' own limit of 16 KiB would have it give memory
    // back, and grow once more, for each answer about many things.
    private static let keptBuffer = 524_288

    // The limit that the socket has now, in milliseconds; 0 for none.
    private var socketTimeout: Int64

    private init(_ context: UnsafeMutablePointer<redisContext>) {
        self.context = context
        socketTimeout = 0
        context.pointee.reader.pointee.maxbuf = Self.keptBuffer
        builder.serve(context.pointee.reader)
    }

    /// Connects, signs in and selects the database.
    static func open(
        _ configuration: RedisConfiguration,
        until deadline: Deadline
    ) throws(RedisError) -> RedisConnection {
        // Not an initialiser: one that throws once all is initialised cannot run `deinit`.
        var connection = RedisConnection(try connect(to: configuration.address, until: deadline))
        try connection.greet(configuration, until: deadline)
        return connection
    }

    /// The corresponding C functions are `redisConnectUnixWithTimeout` and
    /// `redisConnectWithTimeout`, which sets TCP_NODELAY itself.
    private static func connect(
        to address: RedisConfiguration.Address,
        until deadline: Deadline
    ) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
        let milliseconds = deadline.remaining.wholeMilliseconds
        guard milliseconds > 0 else { throw .connectionFailed("no time left to connect") }
        let timeout = timeval(milliseconds: milliseconds)
        let connected: UnsafeMutablePointer<redisContext>?
        switch address {
        case .unix(let path):
            // hiredis would cut a longer path and connect to somewhere else.
            guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
                throw .connectionFailed("the socket's path is too long: \(path)")
            }
            connected = redisConnectUnixWithTimeout(path, timeout)
        case .tcp(let host, let port):
            connected = redisConnectWithTimeout(host, CInt(port), timeout)
        }
        guard let connected else { throw .connectionFailed("out of memory") }
        guard connected.pointee.err == 0 else {
            let reason = connected.errorText
            redisFree(connected)
            throw .connectionFailed(reason)
        }
        if case .tcp = address { redisEnableKeepAlive(connected) }
        return connected
    }

    deinit {
        redisFree(context)
    }

    /// Sends the first commands and waits for their replies.
    ///
    /// Connecting alone proves little: the kernel accepts connections for a stopped server.
    private mutating func greet(
        _ configuration: RedisConfiguration,
        until deadline: Deadline
    ) throws(RedisError) {
        var greeting: [Command] = []
        if let password = configuration.password {
            let user = configuration.user ?? "default"
            greeting.append(Command("AUTH", user, password))
        }
        if configuration.database != 0 {
            greeting.append(Command("SELECT", configuration.database))
        }
        if greeting.isEmpty { greeting.append(Command("PING")) }
        let replies: [Reply]
        do {
            replies = try roundTrip(greeting.map(\.request), until: deadline)
        } catch .timedOut {
            throw .connectionFailed("the server did not greet in time")
        } catch {
            throw error
        }
        for case .error(let error) in replies { throw .server(error) }
    }

    /// Whether the peer has neither closed the connection nor sent what nobody asked for.
    ///
    /// Costs one system call.
    var isAlive: Bool {
        var byte: UInt8 = 0
        let count = recv(
            context.pointee.fd,
            &byte,
            1,
            CInt(MSG_PEEK | MSG_DONTWAIT)
        )
        return count < 0 && errno == EAGAIN
    }

    /// Sends all requests at once and reads a reply to each; blocks until `deadline` at most.
    mutating func roundTrip(
        _ requests: [[UInt8]],
        until deadline: Deadline
    ) throws(RedisError) -> [Reply] {
        for request in requests {
            let status = request.withUnsafeBytes { bytes in
                redisAppendFormattedCommand(
                    context,
                    bytes.assumingMemoryBound(to: CChar.self).baseAddress,
                    bytes.count
                )
            }
            guard status == REDIS_OK else { throw failure(errno) }
        }
        try flush(until: deadline)
        var replies: [Reply] = []
        replies.reserveCapacity(requests.count)
        for _ in requests { replies.append(try readReply(until: deadline)) }
        // Nobody knows which of them was one too many, and what follows would be taken for the next answer.
        let reader = context.pointee.reader.pointee
        guard reader.pos == reader.len else {
            throw .protocolViolation("more replies than requests")
        }
        return replies
    }

    /// The corresponding C function is `redisBufferWrite`.
    private mutating func flush(until deadline: Deadline) throws(RedisError) {
        var isDone: CInt = 0
        while isDone == 0 {
            try limitSocket(until: deadline)
            guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw failure(errno) }
        }
    }

    /// The corresponding C functions are `redisGetReplyFromReader` and `redisBufferRead`; not
    /// `redisGetReply`, which grants the timeout anew to each piece of a reply.
    private mutating func readReply(until deadline: Deadline) throws(RedisError) -> Reply {
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &reply) == REDIS_OK else {
                throw failure(errno)
            }
            if reply != nil, let reply = builder.take() { return reply }
            try limitSocket(until: deadline)
            guard redisBufferRead(context) == REDIS_OK else { throw failure(errno) }
        }
    }

    /// Gives the socket the time that is left, if that is another than it has.
    ///
    /// Whole milliseconds rounded up, so that a run of quick commands with the same limit needs
    /// no system call for it. The corresponding C function is `redisSetTimeout`.
    private mutating func limitSocket(until deadline: Deadline) throws(RedisError) {
        let milliseconds = deadline.remaining.wholeMilliseconds
        guard milliseconds > 0 else { throw .timedOut }
        guard milliseconds != socketTimeout else { return }
        guard redisSetTimeout(context, timeval(milliseconds: milliseconds)) == REDIS_OK else {
            throw failure(errno)
        }
        socketTimeout = milliseconds
    }

    private func failure(_ number: CInt) -> RedisError {
        switch context.pointee.err {
        case REDIS_ERR_IO where number == EAGAIN: .timedOut
        case REDIS_ERR_PROTOCOL: .protocolViolation(context.errorText)
        default: .connectionLost(context.errorText)
        }
    }
}

extension timeval {
    fileprivate init(milliseconds: Int64) {
        self.init(
            tv_sec: Int(milliseconds / 1_000),
            tv_usec: Int(milliseconds % 1_000 * 1_000)
        )
    }
}

extension UnsafeMutablePointer<redisContext> {
    fileprivate var errorText: String {
        withUnsafeBytes(of: pointee.errstr) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
