import CHiredis

extension Reply {
    /// Copies a reply of hiredis, whose reader lets arrays nest seven deep at most.
    init(_ reply: UnsafePointer<redisReply>) {
        let reply = reply.pointee
        self =
            switch reply.type {
            case REDIS_REPLY_STRING: .bytes([UInt8](reply.content))
            case REDIS_REPLY_INTEGER: .integer(reply.integer)
            case REDIS_REPLY_STATUS: .status(String(decoding: reply.content, as: UTF8.self))
            case REDIS_REPLY_ARRAY:
                .array(reply.elementPointers.compactMap { $0.map { Reply($0) } })
            case REDIS_REPLY_ERROR:
                .error(RedisServerError(message: String(decoding: reply.content, as: UTF8.self)))
            default: .null
            }
    }
}

extension redisReply {
    fileprivate var content: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: str, count: len)
    }

    fileprivate var elementPointers: UnsafeBufferPointer<UnsafeMutablePointer<redisReply>?> {
        UnsafeBufferPointer(start: element, count: elements)
    }
}
