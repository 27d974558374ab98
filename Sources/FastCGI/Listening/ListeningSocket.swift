import CLinux
import Glibc

/// A socket that accepts the web server's connections.
///
/// Made here and not by `FCGX_OpenSocket`, which ends the process when it fails.
final class ListeningSocket: Sendable {
    /// One try to accept a connection.
    enum Accepted {
        case connection(Int32)
        /// The peer is not in the allowed ranges; its connection is closed.
        case forbidden
        /// Nobody is waiting.
        case none
        /// The process or the system is out of descriptors or memory.
        case exhausted
    }

    // S_IFMT and S_IFSOCK.
    private static let fileTypeMask: mode_t = 0o170000
    private static let socketFile: mode_t = 0o140000
    private static let backlog: Int32 = 1_024
    // Room for a whole answer up to the size that a worker writes itself.
    private static let bufferSize: Int32 = 262_144

    let descriptor: Int32
    /// Where it listens; a port 0 of the configuration has become a real one.
    let address: ListenAddress
    // The socket file as it was made, to remove no other's.
    private let file: (device: dev_t, inode: ino_t)?

    /// Binds and listens.
    init(_ address: ListenAddress) throws(ServerError) {
        switch address {
        case .unix(let path):
            descriptor = try Self.bindFile(path)
            self.address = address
            file = Self.identity(of: path)
        case .tcp(let host, let port, let allowedPeers):
            descriptor = try Self.bindPort(host, port)
            let bound = Self.port(of: descriptor) ?? port
            self.address = .tcp(host: host, port: bound, allowedPeers: allowedPeers)
            file = nil
        }
        guard listen(descriptor, Self.backlog) == 0 else {
            let error = ServerError.last("listen", address.description)
            close(descriptor)
            throw error
        }
    }

    deinit {
        close(descriptor)
    }

    /// Accepts one connection; never blocks.
    func accept() -> Accepted {
        while true {
            var peer = sockaddr_storage()
            let connection = withUnsafeMutablePointer(to: &peer) { pointer in
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                return pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    clinux_accept4(descriptor, $0, &length, O_CLOEXEC)
                }
            }
            if connection >= 0 { return admit(connection, peer) }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }

    private func admit(_ connection: Int32, _ peer: sockaddr_storage) -> Accepted {
        guard case .tcp(_, _, let allowedPeers) = address else { return .connection(connection) }
        guard let bytes = AddressRange.bytes(of: peer),
            allowedPeers.contains(where: { $0.contains(bytes) })
        else {
            close(connection)
            return .forbidden
        }
        // Without TCP_NODELAY an answer of several records waits for the peer's delayed
        // acknowledgement (44 ms).
        setOption(connection, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        setOption(connection, SOL_SOCKET, SO_KEEPALIVE, 1)
        setOption(connection, SOL_SOCKET, SO_SNDBUF, Self.bufferSize)
        return .connection(connection)
    }

    /// Lets nobody connect any more; the descriptor stays valid until `deinit`, because a worker
    /// may still be accepting from it.
    func refuseConnections() {
        removeFile()
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Removes the socket file if it is still the one that was made here.
    func removeFile() {
        guard case .unix(let path) = address, let file,
            let found = Self.identity(of: path), found == file
        else { return }
        unlink(path)
    }
}

// MARK: - Binding

extension ListeningSocket {
    private static func makeSocket(_ family: Int32) throws(ServerError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw .last("socket") }
        return descriptor
    }

    private static func bindFile(_ path: String) throws(ServerError) -> Int32 {
        let descriptor = try makeSocket(AF_UNIX)
        do throws(ServerError) {
            // The file gets the socket's mode less the umask, so it is never more open than 0660.
            fchmod(descriptor, 0o660)
            if withSocketAddress(path, { bind(descriptor, $0, $1) }) != 0 {
                guard errno == EADDRINUSE else { throw .last("bind", path) }
                try removeStaleFile(path)
                guard withSocketAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
                    throw errno == EADDRINUSE ? .addressInUse(path) : .last("bind", path)
                }
            }
            guard chmod(path, 0o660) == 0 else { throw .last("chmod", path) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Removes the socket file of a process that has ended.
    private static func removeStaleFile(_ path: String) throws(ServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & fileTypeMask == socketFile else { throw .notASocket(path) }
        let probe = try makeSocket(AF_UNIX)
        defer { close(probe) }
        // EAGAIN is a full backlog, so somebody owns it.
        guard withSocketAddress(path, { connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw .addressInUse(path)
        }
        unlink(path)
    }

    private static func withSocketAddress<Result>(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func bindPort(_ host: String, _ port: UInt16) throws(ServerError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else {
            throw .unknownHost(host)
        }
        defer { freeaddrinfo(found) }
        let name = "\(host):\(port)"
        let descriptor = try makeSocket(found.pointee.ai_family)
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // Accepted sockets inherit it; set before listen, because the window scale derives from it.
        setOption(descriptor, SOL_SOCKET, SO_RCVBUF, bufferSize)
        if found.pointee.ai_family == AF_INET6 {
            setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
        }
        guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
            let error =
                errno == EADDRINUSE ? ServerError.addressInUse(name) : .last("bind", name)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            return pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { return nil }
        return withUnsafeBytes(of: storage) { raw in
            // The port stands at the same place for both families.
            UInt16(bigEndian: raw.load(as: sockaddr_in.self).sin_port)
        }
    }

    private static func identity(of path: String) -> (device: dev_t, inode: ino_t)? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return (status.st_dev, status.st_ino)
    }
}

/// Sets an option of a socket that takes an integer; failures are no matter, they cost speed only.
func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
    withUnsafePointer(to: value) { pointer in
        _ = setsockopt(descriptor, level, name, pointer, socklen_t(MemoryLayout<Int32>.size))
    }
}

func setOption(_ descriptor: Int32, _ level: Int, _ name: Int32, _ value: Int32) {
    setOption(descriptor, Int32(level), name, value)
}
