package import Commerce
import FoundationEssentials
import Glibc
import MariaDB
package import Resilience

/// Writes the documents of a period into a directory: each as UBL, and a journal of all.
package struct InvoiceExport: Sendable {
    let archive: InvoiceArchive

    /// What was written.
    package struct Report: Sendable {
        package var invoices = 0
        package var creditNotes = 0
        /// In the journal alone: of these there is no XML any more.
        package var withoutXML = 0
    }

    /// The journal's file.
    package static let journal = "journal.csv"

    /// The directory has something in it.
    package struct NotEmpty: Error, CustomStringConvertible {
        let path: String

        package var description: String { "\(path) is not empty" }
    }

    /// The directory or a file in it cannot be written.
    package struct Unwritable: Error, CustomStringConvertible {
        package let description: String

        init(_ error: CocoaError, in path: String) {
            let code = (error.underlying as? POSIXError)?.code.rawValue
            let reason = code.map { String(cString: strerror($0)) }
            description = "\(error.filePath ?? path): \(reason ?? "error \(error.code.rawValue)")"
        }
    }

    /// Writes all that was issued in a period; blocks on MariaDB and files.
    ///
    /// Only the account that runs it may read what it writes, whoever could read the directory
    /// before. The journal comes last and at once, so a directory that has one is whole.
    ///
    /// - Parameters:
    ///   - period: in Romania's calendar, both days included.
    ///   - path: of a directory that is empty or not there.
    ///   - deadline: of all of it.
    /// - Returns: what was written.
    /// - Throws: `NotEmpty`, `Unwritable`; an error that names the document whose row cannot be read;
    ///   `MariaDBError`.
    package func run(
        issued period: ClosedRange<CalendarDate>,
        into path: String,
        until deadline: Deadline
    ) throws -> Report {
        do {
            try Self.prepare(path)
            return try write(period, into: path, until: deadline)
        } catch let error as CocoaError {
            throw Unwritable(error, in: path)
        }
    }

    private static func prepare(_ path: String) throws {
        let files = FileManager.default
        let mode: [FileAttributeKey: any Sendable] = [.posixPermissions: 0o700]
        try files.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: mode
        )
        guard try files.contentsOfDirectory(atPath: path).isEmpty else {
            throw NotEmpty(path: path)
        }
        try files.setAttributes(mode, ofItemAtPath: path)
    }

    private func write(
        _ period: ClosedRange<CalendarDate>,
        into path: String,
        until deadline: Deadline
    ) throws -> Report {
        var report = Report()
        var journal = InvoiceJournal()
        try archive.forEach(issued: period, until: deadline) { item in
            switch item.record.kind {
            case .invoice: report.invoices += 1
            case .creditNote: report.creditNotes += 1
            }
            try journal.add(item)
            guard let number = item.record.number, let xml = item.stored.xml, !xml.isEmpty else {
                report.withoutXML += 1
                return
            }
            try Self.write(xml, "\(path)/\(number).xml")
        }
        try Self.write(Array(journal.finish().utf8), "\(path)/\(Self.journal)")
        return report
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
}
