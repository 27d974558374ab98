import Glibc

extension Startup {
    /// The unix account that runs the command; its number where it has no name.
    static var account: String {
        let number = getuid()
        guard let account = getpwuid(number), let name = account.pointee.pw_name else {
            return String(number)
        }
        return String(validatingCString: name).map { String($0.prefix(64)) } ?? String(number)
    }
}
