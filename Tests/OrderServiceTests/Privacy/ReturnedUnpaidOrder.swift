import OrderServiceHarness
import OrderServiceTesting
import Testing
import Web

@testable import OrderService

extension ServiceUnderTest {
    /// An order that was to be paid at the door and came back from there, credited as a whole.
    ///
    /// - Parameter onItsWay: called before it comes back.
    /// - Returns: the order.
    /// - Throws: what `onItsWay` throws, and faults of the test.
    func returnedUnpaidOrder(_ onItsWay: (Placed) throws -> Void = { _ in }) throws -> Placed {
        let order = try placedOrder(completion: ["paymentMethod": "cash_on_delivery"])
        try settle()
        try fulfil(order, "start", "ship")
        try drain()
        try onItsWay(order)
        try fulfil(order, "return")
        try drain()
        #expect(try invoices(of: order).count == 2)
        return order
    }
}
