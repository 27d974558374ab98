import OrderServiceHarness

@testable import OrderService

extension ServiceUnderTest {
    /// Erases what is held of a person, as an operator does by command.
    func erase(
        _ subject: DataSubject,
        skipsOpen: Bool = false,
        isDryRun: Bool = false
    ) throws -> ErasureReport {
        try services.erasure.run(
            subject,
            by: "cli:ana",
            reason: "asked by letter",
            skipsOpen: skipsOpen,
            isDryRun: isDryRun,
            until: soon
        )
    }
}
