import Glibc

/// Who runs a command.
enum OperatorAccount {
    /// The unix account's name, its number where it has none; for records.
    static var name: String {
        let number = getuid()
        guard let account = getpwuid(number), let name = account.pointee.pw_name else {
            return String(number)
        }
        let text = String(validatingCString: name).map { String($0.prefix(64)) }
        // The records' columns are ASCII.
        return text.flatMap { $0.utf8.allSatisfy { $0 < 128 } ? $0 : nil } ?? String(number)
    }

    /// The same as an actor.
    static var actor: String { "cli:\(name)" }
}
