import Glibc

extension SettingsReader {
    mutating func count(_ setting: Setting) -> Int {
        optionalCount(setting) ?? 0
    }

    mutating func optionalCount(_ setting: Setting) -> Int? {
        guard case .count(let range) = setting.specification.form else {
            preconditionFailure("\(setting.name) is no count")
        }
        return optional(setting) { text throws(Fault) in
            guard let value = Int(text) else { throw Fault(text: "«\(text)» is not a number") }
            guard range.contains(value) else {
                throw Fault(
                    text: "\(value) is outside \(range.lowerBound)…\(range.upperBound)"
                )
            }
            return value
        }
    }

    mutating func duration(_ setting: Setting) -> Duration {
        guard case .duration(let range) = setting.specification.form else {
            preconditionFailure("\(setting.name) is no duration")
        }
        return value(setting, standIn: .zero) { text throws(Fault) in
            guard let value = DurationText.duration(of: text) else {
                throw Fault(
                    text: "«\(text)» is not a duration; write \(DurationText.acceptedForms)"
                )
            }
            guard range.contains(value) else {
                throw Fault(text: "\(text) is outside \(setting.specification.form.summary)")
            }
            return value
        }
    }

    mutating func choice<Choice: RawRepresentable<String>>(
        _ setting: Setting,
        standIn: Choice
    ) -> Choice {
        guard case .choice(let words) = setting.specification.form else {
            preconditionFailure("\(setting.name) is no choice")
        }
        return value(setting, standIn: standIn) { text throws(Fault) in
            guard words.contains(text), let choice = Choice(rawValue: text) else {
                throw Fault(text: "«\(text)» is none of \(words.joined(separator: ", "))")
            }
            return choice
        }
    }

    mutating func onOff(_ setting: Setting) -> Bool {
        value(setting, standIn: false) { text throws(Fault) in
            switch text {
            case "on": return true
            case "off": return false
            default: throw Fault(text: "«\(text)» is neither on nor off")
            }
        }
    }

    mutating func requiredSecret(_ setting: Setting) -> Secret<String> {
        value(setting, standIn: Secret("")) { text throws(Fault) in Secret(text) }
    }

    func secret(_ setting: Setting) -> Secret<String>? {
        text(setting).map { Secret($0) }
    }

    mutating func url(_ setting: Setting) -> String {
        value(setting, standIn: "") { text throws(Fault) in
            guard Self.isURL(text) else {
                throw Fault(
                    text: "«\(text)» is not an http:// or https:// URL without user, query "
                        + "and fragment"
                )
            }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }

    mutating func origins(_ setting: Setting) -> [String] {
        list(setting) { text throws(Fault) in
            guard Self.isURL(text), text.count(where: { $0 == "/" }) == 2 else {
                throw Fault(text: "«\(text)» is not scheme://host[:port]")
            }
            return text
        }
    }

    mutating func addresses(_ setting: Setting) -> [String] {
        list(setting) { text throws(Fault) in
            var storage = in6_addr()
            guard
                inet_pton(AF_INET, text, &storage) == 1 || inet_pton(AF_INET6, text, &storage) == 1
            else { throw Fault(text: "«\(text)» is not an IP address") }
            return text
        }
    }

    mutating func listeners(_ setting: Setting) -> [ServerAddress] {
        list(setting) { text throws(Fault) in
            if text.hasPrefix("unix:"), text.count > "unix:".count {
                let path = String(text.dropFirst("unix:".count))
                // The size of `sun_path`, and the NUL at its end.
                guard path.utf8.count <= 107 else {
                    throw Fault(text: "the path of «\(text)» is longer than 107 bytes")
                }
                return .unix(path: path)
            }
            guard let address = HostPort(text) else {
                throw Fault(text: "«\(text)» is neither unix:<path> nor host:port")
            }
            return .tcp(address)
        }
    }

    mutating func hosts(_ setting: Setting, impliedPort: Int) -> [ServerAddress] {
        list(setting) { text throws(Fault) in
            guard let address = HostPort(text, impliedPort: impliedPort) else {
                throw Fault(text: "«\(text)» is not host[:port]")
            }
            return .tcp(address)
        }
    }

    mutating func requiredSecrets(_ setting: Setting) -> [Secret<String>] {
        value(setting, standIn: []) { text throws(Fault) in
            Self.elements(of: text).map { Secret($0) }
        }
    }

    mutating func requiredSealingKey(_ setting: Setting) -> Secret<[UInt8]> {
        value(setting, standIn: Secret([]), Self.sealingKey)
    }

    mutating func sealingKey(_ setting: Setting) -> Secret<[UInt8]>? {
        optional(setting, Self.sealingKey)
    }

    mutating func stripeVersion(_ setting: Setting) -> String {
        value(setting, standIn: "") { text throws(Fault) in
            guard text.wholeMatch(of: #/[0-9]{4}-[0-9]{2}-[0-9]{2}\.[a-z]+/#) != nil else {
                throw Fault(text: "«\(text)» is not YYYY-MM-DD.name")
            }
            return text
        }
    }

    private mutating func list<Element>(
        _ setting: Setting,
        _ parse: (String) throws(Fault) -> Element
    ) -> [Element] {
        optional(setting) { text throws(Fault) in
            var elements: [Element] = []
            for element in Self.elements(of: text) { elements.append(try parse(element)) }
            return elements
        } ?? []
    }

    private static func elements(of text: String) -> [String] {
        text.split(separator: ",").compactMap { element in
            let trimmed = element.drop { $0 == " " }
            let end = trimmed.lastIndex { $0 != " " }
            return end.map { String(trimmed[...$0]) }
        }
    }

    private static func isURL(_ text: String) -> Bool {
        let schemes = ["http://", "https://"]
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }) else { return false }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        return HostPort(String(authority), impliedPort: 80) != nil
            && !rest.contains { "?#@\\\"<>".contains($0) || $0.isWhitespace }
    }

    private static func sealingKey(of text: String) throws(Fault) -> Secret<[UInt8]> {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard text.utf8.count == 64, digits.count == 64 else {
            throw Fault(text: "is not 64 hexadecimal digits")
        }
        return Secret(
            stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        )
    }
}
