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

    /// The same of one that has no invoice and never gets one.
    ///
    /// - Parameter isRejected: whether there was one that broke a rule and was withdrawn; it comes
    ///   back before the worker issues one if not.
    /// - Returns: the order.
    /// - Throws: faults of the test.
    func returnedUnsoldOrder(isRejected: Bool) throws -> Placed {
        try sell("VECHI-19", price: 11_900, vatRate: 19)
        let completion: JSON = ["paymentMethod": "cash_on_delivery"]
        let order = try placedOrder([Self.item("VECHI-19")], completion)
        try settle()
        try fulfil(order, "start", "ship")
        if isRejected {
            try drain()
            #expect(try invoices(of: order).map(\.state) == [.rejected])
        }
        try fulfil(order, "return")
        try drain()
        #expect(try invoices(of: order).isEmpty)
        return order
    }
}
