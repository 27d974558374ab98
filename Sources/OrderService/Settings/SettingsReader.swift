import Configuration

/// Reads settings as values of their types, and collects what is wrong instead of stopping at it.
///
/// What a read gives after a problem is a stand-in that nobody gets to see, because whoever loads
/// the settings then throws.
struct SettingsReader {
    /// Why a text is no value of its setting.
    struct Fault: Error {
        let text: String
    }

    private var texts: [Setting: String] = [:]
    private var given: Set<Setting> = []
    private(set) var problems: [SettingsError.Problem] = []

    /// - Parameters:
    ///   - environment: the variables of the process, which win.
    ///   - file: those of the configuration file.
    init(environment: [String: String], file: ConfigurationFile) {
        for problem in file.problems { report(.configurationFile, problem) }
        let config = ConfigReader(providers: [
            EnvironmentVariablesProvider(environmentVariables: environment),
            EnvironmentVariablesProvider(
                environmentVariables: Self.withoutOverridden(file.values, by: environment)
            ),
        ])
        for setting in Setting.allCases {
            if let text = resolve(setting, config), !text.isEmpty {
                texts[setting] = text
                given.insert(setting)
            } else if !setting.specification.defaultText.isEmpty {
                texts[setting] = setting.specification.defaultText
            }
        }
    }

    /// Whether the environment or the file has the setting.
    func isGiven(_ setting: Setting) -> Bool {
        given.contains(setting)
    }

    /// All settings as they were written, secrets hidden.
    var written: [(setting: Setting, text: String)] {
        Setting.allCases.map { setting in
            let text = texts[setting] ?? ""
            return (setting, setting.isSecret && !text.isEmpty ? "(set)" : text)
        }
    }

    mutating func report(_ setting: Setting, _ text: String) {
        problems.append(.init(setting: setting.name, text: text))
    }

    /// Reports a value that is larger than another, unless one of them is wrong by itself.
    mutating func check(
        _ setting: Setting,
        _ value: Duration,
        isAtMost limit: Setting,
        _ limitValue: Duration
    ) {
        guard value > limitValue, !hasProblem(setting), !hasProblem(limit) else { return }
        report(
            setting,
            "\(DurationText.text(of: value)) is longer than \(limit.name), "
                + DurationText.text(of: limitValue)
        )
    }

    /// Reports a count that is larger than another, unless one of them is wrong by itself.
    mutating func check(
        _ setting: Setting,
        _ value: Int,
        isAtMost limit: Setting,
        _ limitValue: Int
    ) {
        guard value > limitValue, !hasProblem(setting), !hasProblem(limit) else { return }
        report(setting, "\(value) is more than \(limit.name), \(limitValue)")
    }

    func hasProblem(_ setting: Setting) -> Bool {
        problems.contains { $0.setting == setting.name }
    }

    /// The setting's text; nil if it has neither value nor default.
    func text(_ setting: Setting) -> String? {
        texts[setting]
    }

    /// The setting as a value; the stand-in, and a problem, if there is none.
    mutating func value<Value>(
        _ setting: Setting,
        standIn: Value,
        _ parse: (String) throws(Fault) -> Value
    ) -> Value {
        guard texts[setting] != nil else {
            let file = setting.fileName.map { " (or \($0))" } ?? ""
            if !hasProblem(setting) { report(setting, "is required\(file)") }
            return standIn
        }
        return optional(setting, parse) ?? standIn
    }

    /// The setting as a value, or nil where it has none; a problem if it is not readable.
    mutating func optional<Value>(
        _ setting: Setting,
        _ parse: (String) throws(Fault) -> Value
    ) -> Value? {
        guard let text = texts[setting] else { return nil }
        do throws(Fault) {
            return try parse(text)
        } catch {
            report(setting, error.text)
            return nil
        }
    }

    // A name and its `_FILE` are one setting: what the environment says of either replaces both in
    // the file.
    private static func withoutOverridden(
        _ values: [String: String],
        by environment: [String: String]
    ) -> [String: String] {
        var values = values
        for setting in Setting.allCases {
            guard let fileName = setting.fileName else { continue }
            let names = [setting.name, fileName]
            if names.contains(where: { !(environment[$0] ?? "").isEmpty }) {
                for name in names { values[name] = nil }
            }
        }
        return values
    }

    private mutating func resolve(_ setting: Setting, _ config: ConfigReader) -> String? {
        let direct = Self.read(setting.name, config, isSecret: setting.isSecret)
        guard let fileName = setting.fileName,
            let path = Self.read(fileName, config, isSecret: false), !path.isEmpty
        else { return direct }
        guard (direct ?? "").isEmpty else {
            report(setting, "is set, and \(fileName) as well; one of them is enough")
            return nil
        }
        switch SettingsFile.text(at: path) {
        case .success(var text):
            while text.last?.isNewline == true { text.removeLast() }
            if text.isEmpty { report(setting, "\(fileName) names an empty file, \(path)") }
            return text
        case .failure(let failure):
            report(setting, "\(fileName) names \(path), which cannot be read: \(failure.reason)")
            return nil
        }
    }

    private static func read(_ name: String, _ config: ConfigReader, isSecret: Bool) -> String? {
        // The provider spells keys in capitals, and would take capitals inside for words.
        config.string(forKey: ConfigKey([name.lowercased()]), isSecret: isSecret)
    }
}
