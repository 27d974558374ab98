import ArgumentParser
import Commerce
import MariaDB
import OrderService
import Resilience
import Web

/// `orderd invoice`: invoices and credit notes.
struct InvoiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoice",
        abstract: "Show, export, check and issue invoices and credit notes.",
        discussion: "Operating.md says what to do with those that were rejected.",
        subcommands: [
            Show.self, Export.self, IssuePending.self, Verify.self, Deadlines.self,
        ]
    )

    /// For what goes through all documents.
    static let patience = Duration.seconds(6 * 3_600)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print one document.",
            discussion: """
                It is put on record who has looked at it.

                Exit codes:
                  0  it is printed
                  1  settings, MariaDB or the output keep it from being shown, or there is none
                """
        )

        @Argument(help: "Its number such as MEX000124, or its id such as inv_….")
        var document: String

        @Flag(help: "Print JSON: the row and all that stands on the document.")
        var json = false

        @Flag(help: "Print the UBL, byte for byte as it was issued.")
        var xml = false

        func validate() throws {
            guard !json || !xml else { throw ValidationError("give one of --json and --xml") }
            guard
                document.utf8.allSatisfy({ byte in
                    (48...57).contains(byte) || (65...90).contains(byte)
                        || (97...122).contains(byte) || byte == 45 || byte == 95
                })
            else {
                throw ValidationError("numbers and ids are letters, digits and -_")
            }
        }

        func run() throws {
            let services = try Startup.services()
            defer { services.close() }
            try Startup.checkSchema(services)
            let reading = services.invoiceReading
            let deadline = Deadline.after(Startup.patience)
            let found = try Startup.orFail { () -> (InvoiceRecord, InvoiceReading.Stored)? in
                let record =
                    document.hasPrefix("inv_")
                    ? try reading.find(document, until: deadline)
                    : try reading.find(number: document, until: deadline)
                guard let record, let stored = try reading.stored(record.id, until: deadline)
                else { return nil }
                try services.audit.note(
                    command: "invoice show",
                    by: OperatorAccount.name,
                    orderID: record.orderID,
                    subject: record.publicID,
                    until: deadline
                )
                return (record, stored)
            }
            guard let (record, stored) = found else {
                printError("there is no document \(document)")
                throw ExitCode.failure
            }
            if xml { return try Self.printXML(stored, document) }
            let text = json ? Self.text(of: record, stored) : Self.lines(of: record, stored)
            try printOrFail("\(text)\n".utf8)
        }

        private static func printXML(_ stored: InvoiceReading.Stored, _ name: String) throws {
            guard let xml = stored.xml, !xml.isEmpty else {
                printError("there is no XML of \(name)")
                throw ExitCode.failure
            }
            try printOrFail(xml)
        }

        private static func text(
            of record: InvoiceRecord,
            _ stored: InvoiceReading.Stored
        ) -> String {
            let json: JSON = [
                "id": .string(record.publicID),
                "state": .string(record.state.rawValue),
                "orderId": .integer(record.orderID),
                "deadline": JSON(record.deadline?.description),
                "issuedAt": JSON(record.issuedAt?.rfc3339),
                "faults": stored.faults.flatMap { try? JSON(parsing: Array($0.utf8)) } ?? .null,
                "document": (try? JSON(parsing: Array(stored.document.utf8))) ?? .null,
            ]
            return String(decoding: json.serialized(), as: UTF8.self)
        }

        private static func lines(
            of record: InvoiceRecord,
            _ stored: InvoiceReading.Stored
        ) -> String {
            var lines = [
                "\(record.kind.rawValue) \(record.number?.description ?? "without number"): "
                    + record.state.rawValue,
                "  order \(record.orderID) \(record.orderNumber), id \(record.publicID)",
            ]
            if let day = record.issueDate, let deadline = record.deadline {
                lines.append("  issued \(day), due at the tax office \(deadline)")
            }
            let code = record.buyerCUI.map { ", CUI \($0)" } ?? ""
            lines.append("  for \(record.isReduced ? "(erased)" : record.buyerName)\(code)")
            lines.append(
                "  net \(record.net.decimalText), VAT \(record.vat.decimalText), "
                    + "gross \(record.gross.decimalText) \(record.gross.currency.rawValue)"
            )
            let faults = stored.faults.flatMap { try? JSON(parsing: Array($0.utf8)) }
            for fault in faults?.array ?? [] {
                let words = ["rule", "field", "text"].compactMap { fault[$0]?.string }
                lines.append("  breaks \(words.joined(separator: "  "))")
            }
            return lines.joined(separator: "\n")
        }
    }
}

extension CalendarDate: ExpressibleByArgument {
    /// `YYYY-MM-DD`.
    package init?(argument: String) {
        self.init(parsing: argument)
    }
}
