import MariaDB
import Observability

extension Gauge {
    /// Sets the whole seconds since a time; 0 without one.
    func set(secondsSince time: Timestamp?, at now: Timestamp) {
        set(time.map { Int(now.distance(from: $0).components.seconds) } ?? 0)
    }
}
