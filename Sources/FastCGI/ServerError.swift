import CLinux
import Glibc

/// Why the server cannot start.
package enum ServerError: Error, Equatable, CustomStringConvertible {
    /// Another process listens there.
    case addressInUse(String)
    /// The socket file's path is taken by something that is no socket.
    case notASocket(String)
    case unknownHost(String)
    /// A system call failed; `call` is its name.
    case system(call: StaticString, code: Int32, address: String?)
    /// `FCGX_Init` failed.
    case library(code: Int32)

    package var description: String {
        switch self {
        case .addressInUse(let address): "\(address) is in use by another process"
        case .notASocket(let path): "\(path) exists and is not a socket"
        case .unknownHost(let host): "\(host) is not a known host"
        case .system(let call, let code, let address):
            "\(address.map { $0 + ": " } ?? "")\(call) failed: \(String(cString: strerror(code)))"
        case .library(let code): "libfcgi failed to initialise (\(code))"
        }
    }

    package static func == (first: ServerError, second: ServerError) -> Bool {
        first.description == second.description
    }

    static func last(_ call: StaticString, _ address: String? = nil) -> ServerError {
        .system(call: call, code: errno, address: address)
    }
}
