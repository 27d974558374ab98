import Testing

@testable import Redis

@Suite("Commands and replies") struct CommandTests {
    private func text(_ command: Command) -> String {
        String(decoding: command.request, as: UTF8.self)
    }

    @Test("sends each argument by its length") func sendsLengths() {
        let command = Command("SET", "ключ", [0x61, 0x0D, 0x0A, 0x00] as [UInt8], "PX", 1_000)
        #expect(
            text(command) == "*5\r\n$3\r\nSET\r\n$8\r\nключ\r\n$4\r\na\r\n\0\r\n$2\r\nPX\r\n"
                + "$4\r\n1000\r\n"
        )
    }

    @Test("sends empty arguments and negative numbers") func sendsEmpty() {
        #expect(text(Command("A", "", -1)) == "*3\r\n$1\r\nA\r\n$0\r\n\r\n$2\r\n-1\r\n")
        #expect(text(Command("PING")) == "*1\r\n$4\r\nPING\r\n")
    }

    @Test("sends slices as what they show") func sendsSlices() {
        let bytes: [UInt8] = [1, 2, 3]
        #expect(Command("A", bytes[1...]).request == Command("A", [2, 3] as [UInt8]).request)
        #expect(Command("A", "xyz".dropFirst()).request == Command("A", "yz").request)
    }

    @Test("sends keys of one kind behind the first") func sendsKeys() {
        let keys = (0..<12).map { "key-\($0)" }
        let whole = Command("MGET", arguments: ["first"] + keys)
        #expect(Command("MGET", [UInt8]("first".utf8), keys: keys).request == whole.request)
        let none = Command("MGET", [UInt8]("first".utf8), keys: [String]())
        #expect(none.request == Command("MGET", "first").request)
    }

    @Test("sends ready bytes as they are") func sendsReadyBytes() {
        let ready = Command("GET", "a").request
        #expect(Command.formatted(ready).request == ready)
    }

    @Test("sends a script by its source until its digest is known") func sendsScript() {
        let script = Script("return 1")
        let call = Command.script(script, keys: ["k"], arguments: [7])
        #expect(call.request == Command("EVAL", "return 1", 1, "k", 7).request)
        script.digest = [UInt8]("abc".utf8)
        #expect(call.request == Command("EVALSHA", "abc", 1, "k", 7).request)
    }

    @Test("names an error reply by its first word") func namesErrors() {
        #expect(RedisServerError(message: "NOSCRIPT No matching script.").code == .noScript)
        #expect(RedisServerError(message: "LOADING").code == .loading)
    }

    @Test("reads a reply as what it is only") func readsReplies() {
        #expect(Reply.bytes([0xFF]).string == nil)
        #expect(Reply.bytes([0x61]).string == "a")
        #expect(Reply.integer(3).bytes == nil)
        #expect(Reply.status("OK").isOK)
        #expect(!Reply.bytes([UInt8]("OK".utf8)).isOK)
    }

    @Test("says of each error whether the command may have taken effect") func tellsEffect() {
        #expect(RedisError.timedOut.mayHaveTakenEffect)
        #expect(RedisError.connectionLost("").mayHaveTakenEffect)
        #expect(!RedisError.connectionFailed("").mayHaveTakenEffect)
        #expect(!RedisError.poolExhausted.mayHaveTakenEffect)
    }
}
