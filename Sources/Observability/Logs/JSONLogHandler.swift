import Glibc
package import Logging

/// Writes log events as JSON, one object a line, into a sink.
///
/// A line has `time`, `level`, `message`, `logger`, and the metadata with nested names joined by
/// dots. Values named as credentials or personal data are replaced by `[redacted]`, tokens are
/// masked wherever they stand, and long values are cut. From level error on, lines are written
/// before the call returns.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: LogSink
    private let now: @Sendable () -> LogTime

    /// The names that a line has anyway; metadata of these names gets an underscore behind it.
    private static let fixedNames: Set<String> = ["time", "level", "message", "logger"]

    package init(
        label: String,
        level: Logger.Level,
        sink: LogSink = .standardError,
        metadataProvider: Logger.MetadataProvider? = nil,
        now: @escaping @Sendable () -> LogTime = { .now }
    ) {
        self.label = label
        logLevel = level
        self.sink = sink
        self.metadataProvider = metadataProvider
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() {
            merged.merge(provided) { _, new in new }
        }
        if let own = event.metadata {
            merged.merge(own) { _, new in new }
        }
        if let error = event.error {
            merged["error"] = merged["error"] ?? "\(error)"
        }
        // Flattened before the buffer is locked: the description of a value is foreign code.
        var fields: [(name: String, value: String)] = []
        for (name, value) in merged.sorted(by: { $0.key < $1.key }) {
            Self.flatten(value, named: name, into: &fields)
        }
        let message = "\(event.message)"
        let time = now()
        sink.write { line in
            line.begin(time: time, level: event.level.word)
            line.field("message", message, limit: LogLine.messageLimit)
            line.field("logger", label)
            for field in fields { line.field(named: field.name, field.value) }
            line.end()
        }
        if event.level >= .error { sink.flush() }
    }

    private static func flatten(
        _ value: Logger.Metadata.Value,
        named name: String,
        into fields: inout [(name: String, value: String)]
    ) {
        let name = fixedNames.contains(name) ? name + "_" : name
        if RedactedKeys.contains(name) {
            fields.append((name, "[redacted]"))
            return
        }
        switch value {
        case .string(let text): fields.append((name, text))
        case .stringConvertible(let text): fields.append((name, text.description))
        case .dictionary(let members):
            for (member, value) in members.sorted(by: { $0.key < $1.key }) {
                flatten(value, named: name + "." + member, into: &fields)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                flatten(element, named: name + "." + String(index), into: &fields)
            }
        }
    }
}

extension JSONLogHandler {
    /// Makes all loggers of the process write JSON lines to standard error, and what is collected
    /// at exit reach it; to be called once, before the first logger is made.
    package static func bootstrap(level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            JSONLogHandler(label: label, level: level)
        }
        atexit { LogSink.standardError.flush() }
    }
}

extension Logger.Level {
    fileprivate var word: StaticString {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }
}
