import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Web

extension ServiceUnderTest {
    /// The topics of an order's events on the stream `orders.events`, in the stream's order.
    func streamedTopics(of orderID: Int64) throws -> [String] {
        try streamedEvents().compactMap { event in
            guard event["data"]?["order"]?["id"]?.integer == orderID else { return nil }
            return event["data"]?["type"]?.string
        }
    }

    /// All events on the stream, as the command line shows them.
    func streamedEvents() throws -> [JSON] {
        try services.eventStream.read(after: "0", limit: 10_000, waitingFor: .milliseconds(1))
            .map { try JSON(parsing: Array($0.line.utf8)) }
    }
}
