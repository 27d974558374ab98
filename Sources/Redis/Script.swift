import Synchronization

/// A Lua script that the server runs as one step.
///
/// It is sent by its digest once the server knows it. The digest is the server's own answer to
/// `SCRIPT LOAD`, asked for once per process; so the user needs the permission `+@scripting`.
package final class Script: Sendable {
    package let source: String
    private let knownDigest = Mutex<[UInt8]?>(nil)

    package init(_ source: String) {
        self.source = source
    }

    /// The SHA-1 of the source in hexadecimal; nil until a server has told it.
    var digest: [UInt8]? {
        get { knownDigest.withLock { $0 } }
        set { knownDigest.withLock { $0 = newValue } }
    }
}

/// A script with the keys and arguments of one call.
struct ScriptCall: Sendable {
    let script: Script
    let keys: [any RedisArgument]
    let arguments: [any RedisArgument]

    var requestByDigest: [UInt8]? {
        script.digest.map { request("EVALSHA", $0) }
    }

    var requestBySource: [UInt8] {
        request("EVAL", script.source)
    }

    private func request(_ name: String, _ script: any RedisArgument) -> [UInt8] {
        Command(name, arguments: [script, keys.count] + keys + arguments).request
    }
}
