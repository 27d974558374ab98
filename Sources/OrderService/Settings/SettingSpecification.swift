/// What is to be known of a setting, apart from its name.
struct SettingSpecification {
    let form: SettingForm
    /// The value where none is given, written as an operator would; empty for none.
    let defaultText: String
    /// What the README's table says in place of an empty default.
    let defaultNote: String
    let help: String
    let isSecret: Bool

    init(
        _ form: SettingForm,
        default defaultText: String = "",
        note: String = "none",
        isSecret: Bool = false,
        _ help: String
    ) {
        self.form = form
        self.defaultText = defaultText
        defaultNote = note
        self.help = help
        self.isSecret = isSecret
    }

    static func duration(
        _ defaultText: String,
        _ range: ClosedRange<Duration>,
        _ help: String
    ) -> SettingSpecification {
        SettingSpecification(.duration(range), default: defaultText, help)
    }

    static func count(
        _ defaultText: String,
        _ range: ClosedRange<Int>,
        _ help: String
    ) -> SettingSpecification {
        SettingSpecification(.count(range), default: defaultText, help)
    }

    static func policy(_ whom: String) -> SettingSpecification {
        SettingSpecification(
            .policy,
            note: "see the table below",
            "Limits of the calls to \(whom), such as `minimumCalls=30 openWait=1s`."
        )
    }

    static func secret(
        form: SettingForm = .text,
        note: String = "none",
        _ help: String
    ) -> SettingSpecification {
        SettingSpecification(form, note: note, isSecret: true, help)
    }
}
