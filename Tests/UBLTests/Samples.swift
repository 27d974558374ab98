import Foundation

/// Documents that the official rules accept.
enum Sample: String, CaseIterable, Sendable {
    /// A company, two rates, bank transfer.
    case business = "01-b2b-ron-21-11"
    /// A consumer, paid by card.
    case consumer = "02-b2c-card"
    /// Discount and shipping over two rates, a company without VAT, cash on delivery.
    case adjusted = "03-discount-shipping"
    case creditNote = "04-credit-note-partial"

    var bytes: [UInt8] {
        get throws {
            let folder = Bundle.module.bundleURL.appendingPathComponent("Resources")
            return [UInt8](
                try Data(contentsOf: folder.appendingPathComponent(rawValue + ".xml"))
            )
        }
    }
}
