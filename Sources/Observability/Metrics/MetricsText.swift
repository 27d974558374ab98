/// The text of a scrape in Prometheus' format 0.0.4.
struct MetricsText {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ family: MetricsRegistry.Family) {
        line("# HELP ", family.name, " ", Self.escaped(family.help, quotes: false))
        line("# TYPE ", family.name, " ", family.kind.rawValue)
        for series in family.series { add(series, named: family.name) }
    }

    private mutating func add(_ series: MetricsRegistry.Series, named name: String) {
        switch series.source {
        case .counter(let counter): sample(name, series.labels, String(counter.value))
        case .gauge(let gauge): sample(name, series.labels, String(gauge.value))
        case .reading(let read): sample(name, series.labels, Self.number(read()))
        case .histogram(let histogram): add(histogram, name, series.labels)
        case .statuses(let route):
            for (status, count) in route.counts {
                let labels = Self.joined(series.labels, "status=\"\(status)\"")
                sample(name, labels, String(count))
            }
        }
    }

    private mutating func add(_ histogram: Histogram, _ name: String, _ labels: String) {
        let (cumulative, sum) = histogram.reading
        let bounds = histogram.bounds.durations.map { Double($0.wholeNanoseconds) / 1e9 }
        for (bound, count) in zip(bounds + [.infinity], cumulative) {
            let labels = Self.joined(labels, "le=\"\(Self.number(bound))\"")
            sample(name + "_bucket", labels, String(count))
        }
        sample(name + "_sum", labels, Self.number(sum))
        sample(name + "_count", labels, String(cumulative.last ?? 0))
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: String) {
        if labels.isEmpty {
            line(name, " ", value)
        } else {
            line(name, "{", labels, "} ", value)
        }
    }

    private mutating func line(_ parts: String...) {
        for part in parts { bytes.append(contentsOf: part.utf8) }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Labels as they stand between the braces.
    static func render(_ labels: MetricsRegistry.Labels) -> String {
        labels.map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
    }

    private static func joined(_ labels: String, _ label: String) -> String {
        labels.isEmpty ? label : labels + "," + label
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value > 0 ? "+Inf" : "-Inf" }
        // «25» rather than «25.0», as Prometheus' own clients print it.
        return Int64(exactly: value).map(String.init) ?? String(value)
    }
}

extension MetricsRegistry {
    /// The media type of a scrape's answer.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics as text in Prometheus' format; calls every registered closure.
    package func exposition() -> [UInt8] {
        var text = MetricsText()
        for family in families where !family.series.isEmpty { text.add(family) }
        return text.bytes
    }
}
