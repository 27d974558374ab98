/// Everything that is wrong with the settings, found in one go.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    /// One thing that is wrong.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The variable's name.
        package let setting: String
        package let text: String

        package var description: String { "\(setting): \(text)" }
    }

    package let problems: [Problem]

    /// One line for each problem, such as `MARIADB_POOL: 0 is outside 1…200`.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
