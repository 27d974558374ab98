import CHiredis

/// Puts replies together while hiredis reads them, by its `redisReplyObjectFunctions`.
///
/// Hiredis' own objects would have to be copied and freed: of each value there would be two.
struct ReplyBuilder: ~Copyable {
    /// Elements of an array that has begun.
    private struct OpenArray {
        var elements: [Reply] = []
        var missing: Int
    }

    private struct State {
        /// The array that is being read, and those it is an element of.
        var array: OpenArray?
        var outer: [OpenArray] = []
        var whole: Reply?
    }

    // In memory of its own, whose address hiredis hands to the functions below.
    private let state: UnsafeMutablePointer<State>

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Has the reader of a connection give its replies here; it must not outlive this.
    func serve(_ reader: UnsafeMutablePointer<redisReader>) {
        reader.pointee.fn = Self.functions
        reader.pointee.privdata = UnsafeMutableRawPointer(state)
    }

    /// The reply that has been read; nil if none is whole.
    func take() -> Reply? {
        state.pointee.whole.take()
    }

    /// What hiredis is given for an object; it only asks whether it is there.
    private nonisolated(unsafe) static let object = UnsafeMutableRawPointer(bitPattern: 1)

    /// In memory that every reader refers to and nobody changes.
    private nonisolated(unsafe) static let functions = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, start, count in
                    let content = UnsafeRawBufferPointer(start: start, count: count)
                    let type = task.unsafelyUnwrapped.pointee.type
                    return ReplyBuilder.add(Reply(type, content), task)
                },
                createArray: { ReplyBuilder.begin(Int($1), $0) },
                createInteger: { ReplyBuilder.add(.integer($1), $0) },
                createNil: { ReplyBuilder.add(.null, $0) },
                freeObject: { _ in }
            )
        )
        return functions
    }()

    private static func state(
        _ task: UnsafePointer<redisReadTask>?
    ) -> UnsafeMutablePointer<State> {
        task.unsafelyUnwrapped.pointee.privdata.unsafelyUnwrapped
            .assumingMemoryBound(to: State.self)
    }

    private static func begin(
        _ count: Int,
        _ task: UnsafePointer<redisReadTask>?
    ) -> UnsafeMutableRawPointer? {
        guard count > 0 else { return add(.array([]), task) }
        let state = state(task)
        if let array = state.pointee.array.take() { state.pointee.outer.append(array) }
        var array = OpenArray(missing: count)
        // A count that nothing follows must not take the memory.
        array.elements.reserveCapacity(min(count, 1_024))
        state.pointee.array = array
        return object
    }

    private static func add(
        _ reply: Reply,
        _ task: UnsafePointer<redisReadTask>?
    ) -> UnsafeMutableRawPointer? {
        let state = state(task)
        var reply = reply
        while state.pointee.array != nil {
            state.pointee.array?.elements.append(reply)
            state.pointee.array?.missing -= 1
            guard let array = state.pointee.array, array.missing == 0 else { return object }
            reply = .array(array.elements)
            state.pointee.array = state.pointee.outer.popLast()
        }
        state.pointee.whole = reply
        return object
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
