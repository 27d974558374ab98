import ArgumentParser
import Commerce
import MariaDB
import OrderService
import Resilience
import Web

extension InvoiceCommand {
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the documents of a period into a directory.",
            discussion: """
                Each is a file of UBL with its number as its name; journal.csv has a line for each, \
                and is written last. Days are Romania's. It is put on record who exported what.
                """
        )

        @Option(help: "The first day of issue, such as 2026-11-01.")
        var from: CalendarDate

        @Option(help: "The last one.")
        var to: CalendarDate

        @Option(help: "A directory that is empty or not there; only this account may read it.")
        var out: String

        func validate() throws {
            guard from <= to else { throw ValidationError("--to is not before --from") }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            let report = try Startup.orFail {
                try services.audit.note(
                    command: "invoice export",
                    by: OperatorAccount.name,
                    subject: "\(from) \(to)",
                    until: .after(Startup.patience)
                )
                return try services.invoiceExport.run(
                    issued: from...to,
                    into: out,
                    until: .after(InvoiceCommand.patience)
                )
            }
            print(
                "\(report.invoices) invoices, \(report.creditNotes) credit notes, "
                    + "\(report.withoutXML) of them without XML"
            )
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every sum and hash again and look for gaps.",
            discussion: """
                It compares each document with its XML, its hash, its row and what that names, closes \
                the chains of credit notes, and looks for gaps, doubles and days that go back in \
                series, and for documents that should be there. Operating.md has the kinds of \
                findings.

                Exit codes:
                  0  all is well
                  1  settings or MariaDB keep it from being done
                  2  there are findings
                """
        )

        @Flag(
            help: """
                Print JSON: {documents, reduced, rejected, findings: [{kind, subject, text}]}.
                """
        )
        var json = false

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            let report = try Startup.orFail {
                try services.invoiceVerification.run(until: .after(InvoiceCommand.patience))
            }
            show(report)
            guard report.findings.isEmpty else { throw ExitCode(2) }
        }

        private func show(_ report: InvoiceVerification.Report) {
            if json {
                let findings = report.findings.map { finding -> JSON in
                    [
                        "kind": .string(finding.kind), "subject": .string(finding.subject),
                        "text": .string(finding.text),
                    ]
                }
                let whole: JSON = [
                    "documents": JSON(report.documents), "reduced": JSON(report.reduced),
                    "rejected": JSON(report.rejected), "findings": .array(findings),
                ]
                print(String(decoding: whole.serialized(), as: UTF8.self))
                return
            }
            for finding in report.findings {
                print("\(finding.kind)  \(finding.subject)  \(finding.text)")
            }
            print(
                "\(report.documents) documents, \(report.reduced) of them reduced to their sums, "
                    + "\(report.rejected) rejected; \(report.findings.count) findings"
            )
        }
    }
}
