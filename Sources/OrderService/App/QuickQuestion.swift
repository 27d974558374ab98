import Redis

/// What a worker asks Redis for a request, and what it makes of the replies.
///
/// Questions of requests that have come together share a trip, as far as it is not too much for one.
struct QuickQuestion {
    /// At least one.
    let commands: [Command]
    /// How many values Redis looks for.
    let weight: Int
    /// Is given a reply for each command.
    let look: (_ replies: ArraySlice<Reply>) -> QuickLook

    /// So many values are looked for in a trip that is shared, so that it takes a few milliseconds of the
    /// server's at most.
    private static let heaviestTrip = 512

    /// Whether what it looks for takes longer than others should wait.
    var isHeavy: Bool { weight > 16 }

    /// How many questions of these weights the first trip carries; one at least.
    static func firstTrip(of weights: some Collection<Int>) -> Int {
        var sum = 0
        let carried = weights.prefix { weight in
            defer { sum += weight }
            return sum == 0 || sum + weight <= heaviestTrip
        }
        return carried.count
    }
}
