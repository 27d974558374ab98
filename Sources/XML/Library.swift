internal import CLibXML2

/// What libxml2 needs once in a process.
enum Library {
    /// Set up before any thread uses the library, since its global tables are filled without a
    /// lock otherwise.
    ///
    /// It is never cleaned up: `xmlCleanupParser` frees tables that other threads, or another
    /// user of the library in this process, still read. The corresponding C function is
    /// `xmlInitParser`.
    static let initialization: Void = xmlInitParser()

    /// A text that the library gives away, whose memory it gets back.
    static func taking(_ text: UnsafeMutablePointer<xmlChar>?) -> String {
        guard let text else { return "" }
        defer { clibxml2_free(text) }
        return String(cString: text)
    }
}
