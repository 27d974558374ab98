import ArgumentParser
import OrderService

extension ParsableCommand {
    /// Reads the value of an option.
    ///
    /// - Parameters:
    ///   - text: such as `90min` or `24h`.
    ///   - option: how the user knows it.
    ///   - limit: the longest that is taken.
    /// - Returns: how long that is, more than nothing.
    /// - Throws: `ValidationError`, which ArgumentParser shows with the usage.
    static func duration(
        _ text: String,
        _ option: String,
        atMost limit: Duration
    ) throws -> Duration {
        guard let duration = DurationText.duration(of: text), duration > .zero,
            duration <= limit
        else {
            throw ValidationError("\(option) is a duration such as \(DurationText.acceptedForms)")
        }
        return duration
    }
}
