import MariaDB
import Observability
import Redis
import Resilience
import Web

/// Whether the process lives, whether it can work, and its metrics.
struct HealthController: Sendable {
    let database: Database
    let cache: RedisClient
    let state: RedisClient
    let metrics: MetricsRegistry
    let hasMetrics: Bool

    /// How long one dependency may take to show that it is there.
    private static let patience = Duration.milliseconds(900)

    var endpoints: [Endpoint] {
        var endpoints = [
            Endpoint(
                method: .get,
                pattern: "/health/live",
                access: .open,
                lane: .webhook,
                handler: .immediate {
                    Response.json(.ok, Array("{\"status\":\"live\"}".utf8))
                }
            ),
            Endpoint(
                method: .get,
                pattern: "/health/ready",
                access: .open,
                lane: .webhook,
                handler: .plain(ready)
            ),
        ]
        if hasMetrics {
            endpoints.append(
                Endpoint(
                    method: .get,
                    pattern: "/metrics",
                    access: .open,
                    lane: .webhook,
                    handler: .plain { [metrics] _ in
                        Response(
                            .ok,
                            readyLines:
                                """
                                Content-Type: text/plain; version=0.0.4\r\n\
                                Cache-Control: no-store\r\n
                                """,
                            body: metrics.exposition()
                        )
                    }
                )
            )
        }
        return endpoints
    }

    /// Ready while MariaDB answers: without Redis everything works, only slower.
    private func ready(_ context: Context) -> Response {
        let deadline = Deadline.after(Self.patience)
        let hasDatabase = (try? database.ping(until: deadline)) != nil
        func state(_ isUp: Bool) -> JSON { ["status": .string(isUp ? "up" : "down")] }
        // One that takes no writes answers a PING as ever.
        func answers(_ redis: RedisClient) -> Bool {
            (try? redis.send(Command("UNLINK", "health:probe"), until: deadline, isUrgent: true))
                != nil
        }
        let body: JSON = [
            "status": .string(hasDatabase ? "ready" : "unavailable"),
            "dependencies": [
                "mariadb": state(hasDatabase),
                "redisCache": state(answers(cache)),
                "redisState": state(answers(self.state)),
            ],
        ]
        guard hasDatabase else {
            return Response.json(.serviceUnavailable, body.serialized()).with("Retry-After", "1")
        }
        return Response.json(.ok, body.serialized())
    }
}
