import Resilience

extension RedisConnection {
    /// Runs commands in one round trip; scripts that the server does not know need another.
    mutating func run(
        _ commands: [Command],
        until deadline: Deadline
    ) throws(RedisError) -> [Reply] {
        for case .script(let call) in commands.lazy.map(\.form) where call.script.digest == nil {
            try learnDigest(of: call.script, until: deadline)
        }
        var replies = try roundTrip(commands.map(\.request), until: deadline)
        var forgotten: [(index: Int, request: [UInt8])] = []
        for (index, command) in commands.enumerated() {
            if case .script(let call) = command.form,
                case .error(let error) = replies[index],
                error.code == .noScript
            {
                forgotten.append((index, call.requestBySource))
            }
        }
        guard !forgotten.isEmpty else { return replies }
        let repeated = try roundTrip(forgotten.map(\.request), until: deadline)
        for (place, reply) in zip(forgotten, repeated) { replies[place.index] = reply }
        return replies
    }

    private mutating func learnDigest(
        of script: Script,
        until deadline: Deadline
    ) throws(RedisError) {
        let load = Command("SCRIPT", "LOAD", script.source)
        // A refusal is not thrown: the script is then sent by its source, and a script that does
        // not compile is refused in its own place.
        for case .bytes(let digest) in try roundTrip([load.request], until: deadline) {
            script.digest = digest
        }
    }
}
