import CHiredis

/// Puts replies together while hiredis reads them, by its `redisReplyObjectFunctions`.
///
/// Hiredis' own objects would have to be copied and freed: of each value there would be two.
final class ReplyBuilder {
    private struct OpenArray {
        var elements: [Reply] = []
        var missing: Int
    }

    /// Arrays that have begun, each an element of the one before.
    private var open: [OpenArray] = []
    private var whole: Reply?

    /// What hiredis is given for an object; it only asks whether it is there.
    private nonisolated(unsafe) static let object = UnsafeMutableRawPointer(bitPattern: 1)

    /// In memory of its own, which every reader refers to and nobody changes.
    private nonisolated(unsafe) static let functions = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, start, count in
                    let content = UnsafeRawBufferPointer(start: start, count: count)
                    let type = task.unsafelyUnwrapped.pointee.type
                    return ReplyBuilder.of(task).add(Reply(type, content))
                },
                createArray: { task, count in ReplyBuilder.of(task).begin(Int(count)) },
                createInteger: { task, number in ReplyBuilder.of(task).add(.integer(number)) },
                createNil: { task in ReplyBuilder.of(task).add(.null) },
                freeObject: { _ in }
            )
        )
        return functions
    }()

    /// Has the reader of a connection give its replies here; it must not outlive this.
    func serve(_ reader: UnsafeMutablePointer<redisReader>) {
        reader.pointee.fn = Self.functions
        reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
    }

    private static func of(_ task: UnsafePointer<redisReadTask>?) -> ReplyBuilder {
        let builder = task.unsafelyUnwrapped.pointee.privdata.unsafelyUnwrapped
        return Unmanaged<ReplyBuilder>.fromOpaque(builder).takeUnretainedValue()
    }

    /// The reply that has been read; nil if none is whole.
    func take() -> Reply? {
        defer { whole = nil }
        return whole
    }

    private func begin(_ count: Int) -> UnsafeMutableRawPointer? {
        guard count > 0 else { return add(.array([])) }
        var array = OpenArray(missing: count)
        // A count that nothing follows must not take the memory.
        array.elements.reserveCapacity(min(count, 1_024))
        open.append(array)
        return Self.object
    }

    private func add(_ reply: Reply) -> UnsafeMutableRawPointer? {
        var reply = reply
        while let last = open.indices.last {
            open[last].elements.append(reply)
            open[last].missing -= 1
            guard open[last].missing == 0 else { return Self.object }
            reply = .array(open.removeLast().elements)
        }
        whole = reply
        return Self.object
    }
}

extension Reply {
    /// Copies what hiredis has read of one of its types of text.
    fileprivate init(_ type: CInt, _ content: UnsafeRawBufferPointer) {
        self =
            switch type {
            case REDIS_REPLY_STATUS: .status(String(decoding: content, as: UTF8.self))
            case REDIS_REPLY_ERROR:
                .error(RedisServerError(message: String(decoding: content, as: UTF8.self)))
            default: .bytes([UInt8](content))
            }
    }
}
