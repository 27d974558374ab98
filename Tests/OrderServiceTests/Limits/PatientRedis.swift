import OrderServiceTesting
import Redis

extension RedisConfiguration {
    /// A configuration whose limits a busy machine does not reach.
    static func patient(
        _ server: PrivateRedis,
        timeout: Duration = .seconds(10)
    ) -> RedisConfiguration {
        RedisConfiguration(
            address: .unix(server.socketPath),
            connectTimeout: .seconds(10),
            operationTimeout: timeout,
            poolSize: 4,
            poolWait: .seconds(10)
        )
    }
}
