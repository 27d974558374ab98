/// A command of Redis, formatted for the wire.
///
///     Command("SET", key, value, "PX", 1000)
///
/// Arguments are sent by length, so that no content of theirs can change the command's meaning.
package struct Command: Sendable {
    enum Form: Sendable {
        case formatted([UInt8])
        case script(ScriptCall)
    }

    let form: Form

    private init(_ form: Form) {
        self.form = form
    }

    package init(_ name: String, _ arguments: any RedisArgument...) {
        self.init(name, arguments: arguments)
    }

    package init(_ name: String, arguments: [any RedisArgument]) {
        var request: [UInt8] = []
        request.appendLine(marker: UInt8(ascii: "*"), number: 1 + arguments.count)
        name.appendBulkString(to: &request)
        for argument in arguments { argument.appendBulkString(to: &request) }
        form = .formatted(request)
    }

    /// A command whose arguments are byte strings alone, such as `MGET`; on the hot path none of
    /// them is boxed.
    package init(_ name: String, keys: [[UInt8]]) {
        var request: [UInt8] = []
        request.reserveCapacity(keys.reduce(32) { $0 + $1.count + 16 })
        request.appendLine(marker: UInt8(ascii: "*"), number: 1 + keys.count)
        name.appendBulkString(to: &request)
        for key in keys { key.appendBulkString(to: &request) }
        form = .formatted(request)
    }

    /// The same with keys of one kind behind the first, so that those need not be made before.
    package init<Key: RedisArgument>(_ name: String, _ first: [UInt8], keys: [Key]) {
        var request: [UInt8] = []
        request.reserveCapacity(first.count + 48 * (1 + keys.count))
        request.appendLine(marker: UInt8(ascii: "*"), number: 2 + keys.count)
        name.appendBulkString(to: &request)
        first.appendBulkString(to: &request)
        for key in keys { key.appendBulkString(to: &request) }
        form = .formatted(request)
    }

    /// One command that is already in the form of the protocol (RESP), for the hot path: the
    /// caller answers for it being exactly one whole command.
    package static func formatted(_ request: [UInt8]) -> Command {
        Command(.formatted(request))
    }

    /// A call of a script, for a pipeline.
    ///
    /// If the server has forgotten the script, it runs in a second round trip, after the other
    /// commands of the pipeline; so it must not stand between `MULTI` and `EXEC`.
    package static func script(
        _ script: Script,
        keys: [any RedisArgument],
        arguments: [any RedisArgument] = []
    ) -> Command {
        Command(.script(ScriptCall(script: script, keys: keys, arguments: arguments)))
    }

    /// The bytes to send; for a script by its digest, or by its source if that is not known.
    var request: [UInt8] {
        switch form {
        case .formatted(let request): request
        case .script(let call): call.requestByDigest ?? call.requestBySource
        }
    }
}
