/// How a setting's value is written, and which values it may have.
enum SettingForm {
    case text
    case path
    case url
    case origins
    case secrets
    case addresses
    case listeners
    case hosts
    case sealingKey
    case stripeVersion
    case onOff
    case choice([String])
    case count(ClosedRange<Int>)
    case duration(ClosedRange<Duration>)
    case policy
    case rules
    /// Text of so many characters.
    case words(ClosedRange<Int>)
    case cui
    case county
    case postalCode
    case series

    /// The column «values» of the README's table.
    var summary: String {
        switch self {
        case .text: "text"
        case .path: "path"
        case .url: "`http://` or `https://` URL"
        case .origins: "list of `scheme://host[:port]`"
        case .secrets: "list"
        case .addresses: "list of IP addresses"
        case .listeners: "list of `unix:<path>`, `host:port`"
        case .hosts: "list of `host[:port]`"
        case .sealingKey: "64 hexadecimal digits"
        case .stripeVersion: "`YYYY-MM-DD.name`"
        case .onOff: "`on`, `off`"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .policy: "list of `part=value`"
        case .rules: "list of `rule=weight[@from]`"
        case .words(let range): "\(range.lowerBound)…\(range.upperBound) characters"
        case .cui: "fiscal code"
        case .county: "code such as `RO-CJ`"
        case .postalCode: "6 digits"
        case .series: "1…20 letters and digits"
        case .count(let range): "\(range.lowerBound)…\(range.upperBound)"
        case .duration(let range):
            "\(DurationText.text(of: range.lowerBound))…\(DurationText.text(of: range.upperBound))"
        }
    }
}
