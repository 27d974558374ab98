import MariaDB
import Web

/// How long one class of data is kept, and what becomes of it then.
///
/// `RetentionRule+All.swift` has them all; a class more is an element more. The worker keeps to
/// them, Operating lists them, and a test wants every table of the schema in one of them.
package struct RetentionRule: Sendable {
    /// What becomes of a row that is old enough.
    package enum Action: String, Sendable {
        case delete
        /// The row stays, without what tells whose it is.
        case pseudonymise
        /// Nothing; somebody may remove rows by hand.
        case keep
    }

    /// From when a row is old enough, counted from its column of age.
    package enum Period: Sendable {
        case setting(Setting, @Sendable (Settings.Retention) -> Duration)
        /// As long as what is counted by it.
        case fixed(Duration)
        /// The column is the end already.
        case none
        case forEver
    }

    /// How the worker does it.
    enum Work: Sendable {
        /// By one statement with a limit, whose affected rows are those that went.
        case statement(@Sendable (_ before: Timestamp, _ limit: Int) -> SQL)
        /// Order by order; the statement finds their ids.
        case orders(@Sendable (_ before: Timestamp, _ limit: Int) -> SQL)
        case nothing
    }

    /// Names the class in metrics and in `retention_classes`.
    package let name: String
    package let tables: [String]
    /// What is in it of people.
    package let content: String
    /// The column of the first table that a row's age is counted from.
    package let age: String
    package let period: Period
    package let action: Action
    /// Why it is kept so long, and no longer.
    package let reason: String
    /// The age of the oldest row that may be due, as `oldest`.
    let oldest: SQL?
    let work: Work

    init(
        _ name: String,
        _ tables: [String],
        _ content: String,
        age: String,
        _ period: Period,
        _ action: Action,
        _ reason: String,
        oldest: SQL? = nil,
        work: Work = .nothing
    ) {
        self.name = name
        self.tables = tables
        self.content = content
        self.age = age
        self.period = period
        self.action = action
        self.reason = reason
        self.oldest = oldest
        self.work = work
    }

    /// The time before which rows are old enough; nil for never.
    func cutoff(_ settings: Settings.Retention, at now: Timestamp) -> Timestamp? {
        switch period {
        case .setting(_, let value): now - value(settings)
        case .fixed(let duration): now - duration
        case .none: now
        case .forEver: nil
        }
    }

    /// The row of Operating's table.
    package var documentRow: String {
        let kept =
            switch period {
            case .setting(let setting, _): "`\(setting.name)` from `\(age)`"
            case .fixed(let duration): "\(DurationText.text(of: duration)) from `\(age)`"
            case .none: "until `\(age)`"
            case .forEver: "for good"
            }
        let tables = tables.map { "`\($0)`" }.joined(separator: ", ")
        return "| `\(name)` | \(tables) | \(content) | \(kept) | \(action.rawValue) | \(reason) |"
    }
}
