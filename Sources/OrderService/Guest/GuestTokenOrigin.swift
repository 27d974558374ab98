/// What a guest's token was issued for.
package enum GuestTokenOrigin: String, Sendable, CaseIterable {
    /// The guest completed a checkout.
    case completion
    /// It replaced another one.
    case rotation
    /// A look-up by number and e-mail address: the mailer sends it.
    case link
}
