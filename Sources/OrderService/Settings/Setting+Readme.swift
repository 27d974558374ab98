extension Setting {
    /// What stands before and behind the table in the README.
    package static let readmeMarkers = (start: "<!-- settings -->", end: "<!-- /settings -->")

    /// The table of all settings in Markdown, as it stands in the README between the markers.
    package static var readmeTable: String {
        let rows = allCases.map { setting in
            let specification = setting.specification
            let standard =
                specification.defaultText.isEmpty
                ? specification.defaultNote : "`\(specification.defaultText)`"
            let help = specification.help + (setting.isSecret ? " Secret." : "")
            return "| `\(setting.name)` | \(standard) | \(specification.form.summary) | \(help) |"
        }
        return (["| setting | default | values | what |", "|---|---|---|---|"] + rows)
            .joined(separator: "\n")
    }
}
