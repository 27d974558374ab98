/// A configuration that cannot work, named so that its owner finds the setting.
package struct InvalidSetting: Error, Equatable, CustomStringConvertible {
    /// The setting's name, as the property that holds it is spelt.
    package let setting: String

    /// What it has to be, as the end of a sentence.
    package let rule: String

    package init(_ setting: String, _ rule: String) {
        self.setting = setting
        self.rule = rule
    }

    package var description: String { "\(setting) \(rule)" }

    /// Throws unless `isMet`.
    static func require(
        _ isMet: Bool,
        _ setting: String,
        _ rule: String
    ) throws(InvalidSetting) {
        guard isMet else { throw InvalidSetting(setting, rule) }
    }
}
