import Glibc

/// A file of `NAME=value` lines, with empty lines and comments after `#` at a line's start.
///
/// swift-configuration reads such files only asynchronously and passes over lines that it does
/// not understand; here a line that sets nothing is a problem.
struct ConfigurationFile {
    private(set) var values: [String: String] = [:]
    private(set) var problems: [String] = []

    init() {}

    init(_ text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            read(Self.trimmed(line), number: index + 1)
        }
    }

    private mutating func read(_ line: Substring, number: Int) {
        guard !line.isEmpty, !line.hasPrefix("#") else { return }
        guard let mark = line.firstIndex(of: "=") else {
            problems.append("line \(number) is not NAME=value")
            return
        }
        let name = Self.trimmed(line[..<mark])
        guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
            problems.append("line \(number) is not NAME=value")
            return
        }
        guard values[String(name)] == nil else {
            problems.append("line \(number) sets \(name) again")
            return
        }
        values[String(name)] = Self.unquoted(Self.trimmed(line[line.index(after: mark)...]))
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let quote = text.first, quote == text.last,
            quote == "\"" || quote == "'"
        else { return String(text) }
        return String(text.dropFirst().dropLast())
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}

/// Small files that settings name, read whole.
enum SettingsFile {
    /// Larger files are refused: none of ours comes near it.
    static let sizeLimit = 65_536

    /// The text of a file, or why there is none.
    static func text(at path: String) -> Result<String, Unreadable> {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .failure(.init(reason: String(cString: strerror(errno)))) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: sizeLimit + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if more < 0 && errno == EINTR { continue }
            guard more >= 0 else {
                return .failure(.init(reason: String(cString: strerror(errno))))
            }
            if more == 0 { break }
            count += more
        }
        guard count <= sizeLimit else {
            return .failure(.init(reason: "more than \(sizeLimit) bytes"))
        }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            return .failure(.init(reason: "not UTF-8"))
        }
        return .success(text)
    }

    struct Unreadable: Error {
        let reason: String
    }
}
