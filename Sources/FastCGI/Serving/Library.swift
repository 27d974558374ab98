import CFastCGI
import CLinux
import Glibc

/// The one initialisation of libfcgi in a process.
enum Library {
    // The corresponding C function is `FCGX_Init`. It installs handlers for SIGPIPE, SIGUSR1 and
    // SIGTERM, after which a process survives SIGTERM and every later read of the library fails;
    // so the former handling is put back.
    private static let initialised: Int32 = {
        var terminate = sigaction()
        var user = sigaction()
        sigaction(SIGTERM, nil, &terminate)
        sigaction(SIGUSR1, nil, &user)
        let code = FCGX_Init()
        sigaction(SIGTERM, &terminate, nil)
        sigaction(SIGUSR1, &user, nil)
        signal(SIGPIPE, SIG_IGN)
        return code
    }()

    static func initialise() throws(ServerError) {
        guard initialised == 0 else { throw .library(code: initialised) }
    }
}
