import MariaDB
import OrderService
import OrderServiceHarness
import OrderServiceTesting
import Web

extension ServiceUnderTest {
    /// The topics of an order's events on the stream `orders.events`, in the stream's order; those of
    /// its invoices, which come in their own time, where they are asked for.
    func streamedTopics(of orderID: Int64, withInvoices: Bool = false) throws -> [String] {
        try streamedEvents().compactMap { event in
            guard event["orderId"]?.integer == orderID, let topic = event["type"]?.string,
                withInvoices || !topic.hasPrefix("invoice.")
            else { return nil }
            return topic
        }
    }

    /// All events on the stream.
    func streamedEvents() throws -> [JSON] {
        try services.eventStream.read(after: "0", limit: 10_000, waitingFor: .milliseconds(1))
            .map { try JSON(parsing: Array($0.line.utf8))["event"] ?? .null }
    }

    /// The ids of the events on the stream, in its order.
    func streamedIDs() throws -> [String] {
        try streamedEvents().compactMap { $0["id"]?.string }
    }

    /// Puts events of the orders 1, 2… into the outbox, in turn, from `evt_0` on.
    func addEvents(orders: Int, each: Int) throws {
        for number in 0..<(orders * each) {
            let order = number % orders + 1
            try execute(
                """
                INSERT INTO outbox (order_id, channel, topic, payload, created_at, next_attempt_at)
                VALUES (\(order), 'event', 'order.placed', \("{\"id\":\"evt_\(number)\"}"),
                    \(now), \(now))
                """
            )
        }
    }
}
