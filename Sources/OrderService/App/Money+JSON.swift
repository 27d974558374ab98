package import Commerce
package import Web

extension Money {
    /// `{"amount": <minor units>, "currency": "RON"}`.
    package var json: JSON {
        ["amount": .integer(minor), "currency": .string(currency.rawValue)]
    }
}
