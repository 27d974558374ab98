/// What happens to the goods.
package enum FulfilmentEvent: String, Sendable, CaseIterable {
    case start
    case ship
    case deliver
    case `return`

    package var orderEvent: OrderEvent {
        switch self {
        case .start: .start
        case .ship: .ship
        case .deliver: .deliver
        case .return: .return
        }
    }
}
