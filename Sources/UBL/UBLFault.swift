/// A rule that a document breaks.
package struct UBLFault: Sendable, Hashable {
    /// As the ministry's or EN 16931's rules are called, or `OWN-…` for one of ours.
    package let rule: String
    /// The field at fault by its number in EN 16931, such as `BT-52`.
    package let field: String
    /// The XPath of the element at fault, or of the one where it is missing.
    package let location: String
    /// What is wrong, without any personal data.
    package let text: String

    package init(rule: String, field: String, location: String, text: String) {
        self.rule = rule
        self.field = field
        self.location = location
        self.text = text
    }
}
