/// Finds variables that look like settings and are none, most likely misspelt.
enum UnknownSettings {
    /// What begins like this in the environment is meant for this service.
    ///
    /// Common words such as `LOG_`, or `LISTEN_` (systemd's), are not among them.
    private static let prefixes = [
        "CHECKOUT_", "CORS_", "FRAUD_", "IDEMPOTENCY_", "LIMIT_", "MARIADB_", "ORDERD_", "OUTBOX_",
        "PAYMENT_",
        "PRODUCT_SERVICE_", "REDIS_", "RESERVATION_", "SEALING_", "STRIPE_", "UPSTREAM_",
        "USER_SERVICE_", "WEBHOOK_",
    ]

    /// A line for each unknown name: of the file every one, of the environment those with one of
    /// our prefixes.
    static func warnings(environment: [String: String], file: [String: String]) -> [String] {
        let known = Set(Setting.allCases.flatMap { [$0.name, $0.fileName].compactMap(\.self) })
        let foreign = environment.keys.filter { name in
            name != CrashPoint.variable && prefixes.contains { name.hasPrefix($0) }
        }
        let unknown = Set(foreign).union(file.keys).subtracting(known)
        return unknown.sorted().map { name in
            guard let close = closest(to: name, among: known) else {
                return "\(name) is not a setting"
            }
            return "\(name) is not a setting; is \(close) meant?"
        }
    }

    private static func closest(to name: String, among known: Set<String>) -> String? {
        let distances = known.sorted().map { (name: $0, distance: distance($0, name)) }
        guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= 3
        else { return nil }
        return best.name
    }

    /// How many letters are to be changed, added or taken away (Levenshtein's distance).
    private static func distance(_ first: String, _ second: String) -> Int {
        let second = Array(second.utf8)
        var row = Array(0...second.count)
        for (line, letter) in first.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in second.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[second.count]
    }
}
