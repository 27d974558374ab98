/// A value that must not be printed: it says only that it is there.
package struct Secret<Value: Sendable & Equatable>: Sendable, Equatable {
    /// The value itself, for the one place that needs it.
    package let exposed: Value

    package init(_ value: Value) {
        exposed = value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[secret]" }

    package var debugDescription: String { description }

    // Without it `dump` would show the value.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
