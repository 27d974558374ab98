import Commerce
import MariaDB
package import Resilience
import Web

/// Goes through all documents and says what is not as it was issued, and what is not there.
package struct InvoiceVerification: Sendable {
    let archive: InvoiceArchive
    let backlog: InvoiceBacklog
    let clock: WallClock
    /// For how long the accounts need documents; `ACCOUNTING_RETENTION`.
    let retention: Duration

    /// Something that must not be.
    package struct Finding: Sendable, Hashable {
        /// A bounded word, such as `hash` or `gap`.
        package let kind: String
        /// A document's number or id, a series, or an order.
        package let subject: String
        package let text: String

        /// That there are more like those before it, which nobody has counted.
        static func more(_ kind: String) -> Finding {
            Finding(kind: kind, subject: "…", text: "and more")
        }

        /// Whether it says that there are more, and is none itself.
        package var isMore: Bool { self == .more(kind) }
    }

    /// What one question tells at most of a kind; one more says that there are more.
    static let most = 1_000
    /// How far the clocks of two hosts may be apart.
    static let clockSkew = Duration.seconds(3_600)

    package struct Report: Sendable {
        package var documents = 0
        /// Those of which only numbers and sums are left.
        package var reduced = 0
        package var rejected = 0
        package var findings: [Finding] = []
    }

    /// Recomputes every sum and hash, writes every XML anew, compares it with snapshot, row and what
    /// the row names, closes the chains of credit notes, and looks for gaps in series and for
    /// documents that should be there; blocks on MariaDB.
    ///
    /// - Parameter deadline: of all of it.
    /// - Returns: what was gone through, and what is wrong.
    /// - Throws: `MariaDBError`.
    package func run(until deadline: Deadline) throws -> Report {
        var report = Report()
        var chains = InvoiceChains()
        let check = InvoiceDocumentCheck(clock: clock, retention: retention)
        try archive.forEach(until: deadline) { reading in
            let item: InvoiceArchive.Item
            switch reading {
            case .success(let found): item = found
            case .failure(let row):
                report.documents += 1
                report.findings.append(.init(kind: "row", subject: row.subject, text: row.text))
                return
            }
            guard let number = item.record.number else {
                report.rejected += 1
                return
            }
            report.documents += 1
            if item.record.isReduced { report.reduced += 1 }
            report.findings += check.findings(in: item, number)
            chains.add(item.record)
        }
        report.findings += try chains.findings(in: archive, until: deadline)
        report.findings += try InvoiceRowCheck(database: archive.database)
            .findings(until: deadline)
        report.findings += try InvoiceLinkCheck(database: archive.database)
            .findings(until: deadline)
        report.findings += try InvoiceSeriesCheck(database: archive.database)
            .findings(by: clock, until: deadline)
        report.findings += try InvoiceSubmissionCheck(database: archive.database)
            .findings(until: deadline)
        report.findings += try missing(until: deadline)
        report.findings += try InvoiceCreditCheck(backlog: backlog).findings(until: deadline)
        // Several checks may come upon the same row.
        var known: Set<Finding> = []
        report.findings.removeAll { !known.insert($0).inserted }
        return report
    }

    /// Orders that lack a document which nobody is about to issue.
    private func missing(until deadline: Deadline) throws -> [Finding] {
        var findings: [Finding] = []
        try backlog.forEachForgotten(until: deadline) { item in
            findings.append(
                Finding(
                    kind: item.failure == nil ? "missing" : "row",
                    subject: "order \(item.orderID)",
                    text: item.failure ?? "\(item.due) is due and is not there"
                )
            )
        }
        return findings
    }
}

extension [Row] {
    /// The findings that rows tell of, of a question that is answered with one row more than is told.
    ///
    /// - Parameters:
    ///   - kind: of all of them.
    ///   - make: subject and text of a row; nil if it is none.
    /// - Returns: `InvoiceVerification.most` at most, and perhaps that there are more.
    /// - Throws: what `make` throws.
    func findings(
        _ kind: String,
        _ make: (Row) throws -> (subject: String, text: String)?
    ) throws -> [InvoiceVerification.Finding] {
        let told = try prefix(InvoiceVerification.most).compactMap { row in
            try make(row).map {
                InvoiceVerification.Finding(kind: kind, subject: $0.subject, text: $0.text)
            }
        }
        return count > InvoiceVerification.most ? told + [.more(kind)] : told
    }
}
