import Foundation

@testable import Resilience

/// A line of a recorded trace: a configuration, the start of a script, or an event of it.
///
/// The names are those of the format; fields that a kind of line lacks are nil.
struct GoldenLine: Decodable {
    enum CodingKeys: String, CodingKey {
        case type
        case name
        case windowType = "window_type"
        case windowSize = "window_size"
        case minimumCalls = "minimum_calls"
        case failureRateThreshold = "failure_rate_threshold"
        case slowRateThreshold = "slow_call_rate_threshold"
        case slowCallDuration = "slow_call_duration_ms"
        case openWait = "wait_open_ms"
        case openWaitMultiplier = "wait_open_multiplier"
        case openWaitCap = "wait_open_max_ms"
        case halfOpenPermits = "half_open_permits"
        case halfOpenTimeLimit = "max_wait_half_open_ms"
        case afterTimeLimit = "after_max_wait"
        case opensHalfAutomatically = "automatic_half_open"
        case initialState = "initial_state"
        case staleResults = "stale_results"
        case script
        case crossings
        case staleTimers = "stale_timers"
        case thrown = "throws"
        case start = "t0_ms"
        case operation = "op"
        case time = "t"
        case call = "id"
        case wait = "w"
        case isPermitted = "p"
        case isIllegal = "illegal"
        case isDropped = "dropped"
        case isCrossing = "x"
        case events = "ev"
        case state = "st"
        case failureRate = "fr"
        case slowRate = "sr"
        case calls = "n"
        case failed = "nf"
        case slow = "ns"
        case slowFailed = "nsf"
        case notPermitted = "np"
    }

    let type: String?
    let name: String?
    let windowType: String?
    let windowSize: Int?
    let minimumCalls: Int?
    let failureRateThreshold: Float?
    let slowRateThreshold: Float?
    let slowCallDuration: Int64?
    let openWait: Int64?
    let openWaitMultiplier: Double?
    let openWaitCap: Int64?
    let halfOpenPermits: Int?
    let halfOpenTimeLimit: Int64?
    let afterTimeLimit: String?
    let opensHalfAutomatically: Bool?
    let initialState: String?
    let staleResults: String?
    let script: Int?
    let crossings: Int?
    let staleTimers: Int?
    let thrown: Thrown?
    let start: Int64?
    let operation: String?
    let time: Int64?
    let call: Int?
    let wait: Int64?
    let isPermitted: Bool?
    let isIllegal: Bool?
    let isDropped: Bool?
    let isCrossing: Bool?
    let events: [String]?
    let state: String?
    let failureRate: Float?
    let slowRate: Float?
    let calls: Int?
    let failed: Int?
    let slow: Int?
    let slowFailed: Int?
    let notPermitted: Int64?

    /// How often a script met an error of the recorded library, or an event's error itself.
    enum Thrown: Decodable, Equatable {
        case count(Int)
        case error(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let count = try? container.decode(Int.self) {
                self = .count(count)
            } else {
                self = .error(try container.decode(String.self))
            }
        }
    }

    /// Whether a script shows rules and not defects of the recorded library: results counted in a
    /// state they do not belong to, timers that outlive their state, and errors.
    func isComparable(withStaleResults policy: String?) -> Bool {
        (policy == "dropped" || crossings == 0) && staleTimers == 0 && thrown == .count(0)
    }
}

/// The recorded traces: those of the test's resources, and those of the folder that the variable
/// `GOLDEN_TRACES` names.
enum GoldenFile {
    struct Unreadable: Error {
        let path: String
    }

    static var all: [URL] {
        let resources = Bundle.module.bundleURL.appendingPathComponent("Resources")
        var folders = [resources]
        if let folder = ProcessInfo.processInfo.environment["GOLDEN_TRACES"] {
            folders.append(URL(fileURLWithPath: folder))
        }
        return folders.flatMap(files)
    }

    private static func files(in folder: URL) -> [URL] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        // A folder that cannot be read is a file that cannot, so that nobody overlooks it.
        guard let files else { return [folder] }
        return files.filter { $0.lastPathComponent.hasSuffix(".jsonl.gz") }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// The lines of a file.
    ///
    /// The file stays packed, being 0.3 MB instead of 4; gzip, which Debian calls essential,
    /// unpacks it without one more C library in the package.
    static func lines(of file: URL) throws -> [GoldenLine] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unreadable(path: file.path) }
        let decoder = JSONDecoder()
        return try text.split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(GoldenLine.self, from: $0)
        }
    }
}

extension CircuitBreakerState {
    /// The state as the traces spell it.
    init?(trace name: String) {
        self.init(rawValue: name.lowercased())
    }

    var traceName: String { rawValue.uppercased() }
}

extension CircuitBreakerConfiguration {
    /// The configuration of a trace; what Resilience4j does not have is off.
    init?(_ line: GoldenLine) {
        guard let size = line.windowSize, let minimumCalls = line.minimumCalls,
            let failureRateThreshold = line.failureRateThreshold,
            let slowRateThreshold = line.slowRateThreshold, let slow = line.slowCallDuration,
            let openWait = line.openWait, let openWaitMultiplier = line.openWaitMultiplier,
            let openWaitCap = line.openWaitCap, let halfOpenPermits = line.halfOpenPermits,
            let opensHalfAutomatically = line.opensHalfAutomatically,
            let initialState = line.initialState.flatMap(CircuitBreakerState.init(trace:))
        else { return nil }
        self.init()
        window = line.windowType == "TIME_BASED" ? .seconds(size) : .calls(size)
        self.minimumCalls = minimumCalls
        self.failureRateThreshold = failureRateThreshold
        self.slowRateThreshold = slowRateThreshold
        slowCallDuration = .milliseconds(slow)
        countsCallsInFlight = false
        self.openWait = .milliseconds(openWait)
        self.openWaitMultiplier = openWaitMultiplier
        self.openWaitCap = .milliseconds(openWaitCap)
        openWaitJitter = 0
        self.halfOpenPermits = halfOpenPermits
        halfOpenLease = nil
        if let limit = line.halfOpenTimeLimit, limit > 0 {
            halfOpenTimeLimit = .milliseconds(limit)
        }
        afterHalfOpenTimeLimit = line.afterTimeLimit == "CLOSED" ? .closed : .open
        self.opensHalfAutomatically = opensHalfAutomatically
        self.initialState = initialState
        tellsCalls = true
    }
}
