package import Commerce
package import XML

/// Our rules for documents: CIUS-RO's, those of EN 16931 about sums, and our own.
package enum UBLRules {
    /// Every rule that a document breaks; none if it may be issued.
    ///
    /// - Parameters:
    ///   - bytes: a document in UBL 2.1.
    ///   - today: in Romania; no document is of a later day.
    /// - Throws: `XMLError` if the bytes are no XML that is read here.
    package static func faults(
        of bytes: [UInt8],
        today: CalendarDate
    ) throws(XMLError) -> [UBLFault] {
        []
    }
}
