import Glibc

/// Who runs a command, for the record.
enum OperatorAccount {
    /// The unix account; its number where it has no name.
    static var name: String {
        let number = getuid()
        guard let account = getpwuid(number), let name = account.pointee.pw_name else {
            return String(number)
        }
        return String(validatingCString: name).map { String($0.prefix(64)) } ?? String(number)
    }
}
