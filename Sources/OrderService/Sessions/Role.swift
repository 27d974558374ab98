/// What a session may do.
package enum Role: String, Sendable, CaseIterable {
    case customer
    case support
    case finance
    case admin
    case service
}

/// A set of roles, stored as bits.
package struct Roles: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package init(_ roles: some Sequence<Role>) {
        self = roles.reduce(into: []) { $0.insert(Roles($1)) }
    }

    private init(_ role: Role) {
        rawValue =
            switch role {
            case .customer: 1
            case .support: 2
            case .finance: 4
            case .admin: 8
            case .service: 16
            }
    }

    package static let customer = Roles(.customer)
    package static let support = Roles(.support)
    package static let finance = Roles(.finance)
    package static let admin = Roles(.admin)
    package static let service = Roles(.service)

    /// The roles in the order of their declaration.
    package var list: [Role] { Role.allCases.filter { contains(Roles($0)) } }

    /// The text of a MariaDB SET column.
    package var columnText: String { list.map(\.rawValue).joined(separator: ",") }

    package init(columnText: String) {
        self.init(columnText.split(separator: ",").compactMap { Role(rawValue: String($0)) })
    }
}
