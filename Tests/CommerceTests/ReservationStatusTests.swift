import Commerce
import Testing

@Suite("States of reservations") struct ReservationStatusTests {
    private static func expectations() throws -> MachineExpectations<ReservationStatus> {
        try MachineExpectations(
            from: .held,
            .optimistic,
            moves: """
                held: commit>committed release>released lose>lost replace>lost
                optimistic: hold>held commit>committed release>released lose>lost replace>lost
                committed:
                released:
                lost:
                """
        )
    }

    @Test("move or refuse, with what would be allowed")
    func everyPair() throws {
        try Self.expectations().holdForEveryPair()
    }

    @Test("are all reached from the first ones")
    func reachability() throws {
        try Self.expectations().reachEverything()
    }

    @Test("end where the stock is sold, given back or gone")
    func ends() {
        #expect(ReservationStatus.allCases.filter(\.isFinal) == [.committed, .released, .lost])
    }
}
