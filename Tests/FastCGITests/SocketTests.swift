import Testing

/// The tests that run a server on real sockets, one after the other.
@Suite("FastCGI over sockets", .serialized)
enum SocketTests {}
