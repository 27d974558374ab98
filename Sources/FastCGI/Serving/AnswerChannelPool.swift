import Synchronization

/// Channels for the threads that are no workers: as many as write at once.
final class AnswerChannelPool: Sendable {
    private let idle = Mutex<[AnswerChannel]>([])

    /// Lends a channel to `body`.
    ///
    /// - Throws: if a new one is needed and the process is out of descriptors.
    func withChannel<Result>(
        _ body: (AnswerChannel) -> Result
    ) throws(ServerError) -> Result {
        let channel: AnswerChannel
        if let kept = idle.withLock({ $0.popLast() }) {
            channel = kept
        } else {
            channel = try AnswerChannel()
        }
        let result = body(channel)
        idle.withLock { $0.append(channel) }
        return result
    }
}
