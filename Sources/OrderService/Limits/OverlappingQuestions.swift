/// The questions to Redis about one key that are under way at once, and how much it has counted
/// meanwhile.
struct OverlappingQuestions: Sendable {
    private(set) var count = 0

    /// Whether questions have been under way at once since there was none: the answers may then be
    /// heard in another order than Redis gave them.
    private(set) var areContended = false

    /// Whether attempts have been admitted here since there was none, or were when there was none, and
    /// Redis did not know: otherwise its answers need nothing beside them.
    private(set) var areBesideAdmissions = false

    /// The most that Redis has counted for each limit, by its name, since no question was under way.
    private var highest: [String: Int] = [:]

    var isEmpty: Bool { count == 0 }

    mutating func begin(besideAdmissions: Bool) {
        areContended = count > 0
        if !areContended {
            highest = [:]
            areBesideAdmissions = besideAdmissions
        }
        count += 1
    }

    mutating func noteAdmission() { areBesideAdmissions = true }

    mutating func end() {
        count = max(0, count - 1)
    }

    func highestUsed(of limit: RateLimit) -> Int { highest[limit.name] ?? 0 }

    /// Notes how many attempts Redis counts for a limit, by its answer to a question.
    mutating func note(_ used: Int, of limit: RateLimit) {
        highest[limit.name] = max(used, highestUsed(of: limit))
    }

    /// Notes how many it counts once it has been told what it did not know.
    ///
    /// Who tells it before his own question is answered from there on; others may have been answered
    /// before, and are heard after.
    mutating func noteTold(_ used: Int, of limit: RateLimit) {
        if areContended { note(used, of: limit) }
    }
}
