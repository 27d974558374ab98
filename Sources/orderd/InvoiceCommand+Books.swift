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

                Exit codes:
                  0  it is written
                  1  settings, MariaDB, the directory or the output keep it from being done
                """
        )

        @Option(help: "The first day of issue, such as 2026-11-01.")
        var from: CalendarDate

        @Option(help: "The last one.")
        var to: CalendarDate

        @Option(help: "A directory that is empty or not there; only this account may read it.")
        var out: String

        func validate() throws {
            guard from <= to else { throw ValidationError("--to is before --from") }
            guard !out.isEmpty else { throw ValidationError("--out names no directory") }
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
            let sum =
                "\(report.invoices) invoices, \(report.creditNotes) credit notes, "
                + "\(report.withoutXML) of them without XML\n"
            try printOrFail(sum.utf8)
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every sum and hash again and look for gaps.",
            discussion: """
                It compares each document with its XML, its hash, its row and what that names, closes \
                the chains of credit notes, and looks for gaps, doubles and days that go back in \
                series, and for documents that should be there. Operating.md has the kinds of \
                findings. Some checks tell 1,000 findings at most and then «and more».

                Exit codes:
                  0  all is well
                  1  settings, MariaDB or the output keep it from being done
                  2  there are findings
                """
        )

        @Flag(
            help: """
                Print JSON: {documents, reduced, rejected, isCut, findings: [{kind, subject, text}]}; \
                isCut if there are more findings than those.
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
            try show(report)
            guard report.findings.isEmpty else { throw ExitCode(2) }
        }

        private func show(_ report: InvoiceVerification.Report) throws {
            let isCut = report.findings.contains(where: \.isMore)
            if json {
                let findings = report.findings.filter { !$0.isMore }.map { finding -> JSON in
                    [
                        "kind": .string(finding.kind), "subject": .string(finding.subject),
                        "text": .string(finding.text),
                    ]
                }
                let whole: JSON = [
                    "documents": JSON(report.documents), "reduced": JSON(report.reduced),
                    "rejected": JSON(report.rejected), "isCut": .bool(isCut),
                    "findings": .array(findings),
                ]
                return try printOrFail(whole.serialized() + [UInt8(ascii: "\n")])
            }
            let lines = report.findings.map { "\($0.kind)  \($0.subject)  \($0.text)\n" }
            let count = report.findings.count { !$0.isMore }
            let sum =
                "\(report.documents) documents, \(report.reduced) of them reduced to their sums, "
                + "\(report.rejected) rejected; \(count) findings\(isCut ? " and more" : "")\n"
            try printOrFail((lines.joined() + sum).utf8)
        }
    }
}
