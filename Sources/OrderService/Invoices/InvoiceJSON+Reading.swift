import Commerce
import Web

extension InvoiceJSON {
    /// A stored document that is not what this version writes, with the member that is wrong.
    struct Unreadable: Error, CustomStringConvertible {
        let member: String

        var description: String { "the stored document's «\(member)» cannot be read" }
    }

    /// Reads a stored document.
    ///
    /// - Parameters:
    ///   - text: the column's.
    ///   - number: its number, which the row has as well.
    /// - Returns: the document.
    /// - Throws: `Unreadable`.
    static func document(
        _ text: String,
        number: InvoiceNumber
    ) throws(Unreadable) -> InvoiceDocument {
        guard let json = try? JSON(parsing: Array(text.utf8)) else {
            throw Unreadable(member: "")
        }
        return try document(json, number: number)
    }

    static func document(
        _ json: JSON,
        number: InvoiceNumber
    ) throws(Unreadable) -> InvoiceDocument {
        let reader = Members(json)
        guard json["version"]?.integer == version else { throw Unreadable(member: "version") }
        return InvoiceDocument(
            kind: try reader.word("kind", InvoiceDocument.Kind.init(rawValue:)),
            number: number,
            issueDate: try reader.word("issueDate", CalendarDate.init(parsing:)),
            dueDate: try reader.optionalWord("dueDate", CalendarDate.init(parsing:)),
            paymentTerms: json["paymentTerms"]?.string,
            deliveryDate: try reader.optionalWord("deliveryDate", CalendarDate.init(parsing:)),
            currency: try reader.word("currency", Currency.init(rawValue:)),
            notes: json["notes"]?.array?.compactMap(\.string) ?? [],
            orderNumber: try reader.text("orderNumber"),
            preceding: try reader.optional("preceding", preceding),
            seller: try reader.required("seller", party),
            buyer: try reader.required("buyer", party),
            deliverTo: try reader.optional("deliverTo") { json throws(Unreadable) in
                guard let address = Address(stored: json) else {
                    throw Unreadable(member: "deliverTo")
                }
                return address
            },
            paymentMeans: try reader.required("paymentMeans", paymentMeans),
            lines: try reader.list("lines", line),
            adjustments: try reader.list("adjustments", adjustment),
            vat: try reader.list("vat", group),
            totals: try reader.required("totals", totals)
        )
    }

    private static func preceding(
        _ json: JSON
    ) throws(Unreadable) -> InvoiceDocument.Reference {
        let reader = Members(json)
        return InvoiceDocument.Reference(
            number: try reader.text("number"),
            issueDate: try reader.word("issueDate", CalendarDate.init(parsing:))
        )
    }

    private static func party(_ json: JSON) throws(Unreadable) -> InvoiceParty {
        let reader = Members(json)
        let identity: InvoiceParty.TaxIdentity =
            if let code = try reader.optionalWord("vatId", CUI.init(parsing:)) {
                .vatPayer(code)
            } else if let code = try reader.optionalWord("cui", CUI.init(parsing:)) {
                .company(code)
            } else if let number = try reader.optionalWord("cnp", CNP.init(parsing:)) {
                .consumer(number)
            } else {
                .unidentifiedConsumer
            }
        guard let address = json["address"].flatMap(Address.init(stored:)) else {
            throw Unreadable(member: "address")
        }
        return InvoiceParty(
            name: try reader.text("name"),
            identity: identity,
            tradeRegister: json["tradeRegister"]?.string,
            legalText: json["legalText"]?.string,
            address: address,
            contactName: json["contactName"]?.string,
            phone: json["phone"]?.string,
            email: json["email"]?.string
        )
    }

    private static func paymentMeans(_ json: JSON) throws(Unreadable) -> InvoicePaymentMeans {
        let reader = Members(json)
        return InvoicePaymentMeans(
            code: try reader.word("code", InvoicePaymentMeans.Code.init(rawValue:)),
            text: try reader.text("text"),
            iban: try reader.optionalWord("iban", IBAN.init(parsing:)),
            accountName: json["accountName"]?.string
        )
    }

    private static func line(_ json: JSON) throws(Unreadable) -> InvoiceLine {
        let reader = Members(json)
        return InvoiceLine(
            position: try reader.count("position"),
            sku: json["sku"]?.string,
            name: try reader.text("name"),
            quantity: try reader.count("quantity"),
            unitCode: try reader.text("unitCode"),
            net: try reader.money("net"),
            gross: try reader.money("gross"),
            vatRate: try reader.rate("vatRate")
        )
    }

    private static func adjustment(_ json: JSON) throws(Unreadable) -> InvoiceAdjustment {
        let reader = Members(json)
        return InvoiceAdjustment(
            kind: try reader.word("kind", InvoiceAdjustment.Kind.init(rawValue:)),
            reason: try reader.text("reason"),
            net: try reader.money("net"),
            gross: try reader.money("gross"),
            vatRate: try reader.rate("vatRate")
        )
    }

    private static func group(_ json: JSON) throws(Unreadable) -> InvoiceVAT {
        let reader = Members(json)
        return InvoiceVAT(
            rate: try reader.rate("rate"),
            base: try reader.money("base"),
            vat: try reader.money("vat")
        )
    }

    private static func totals(_ json: JSON) throws(Unreadable) -> InvoiceTotals {
        let reader = Members(json)
        return InvoiceTotals(
            lines: try reader.money("lines"),
            allowances: try reader.money("allowances"),
            charges: try reader.money("charges"),
            net: try reader.money("net"),
            vat: try reader.money("vat"),
            gross: try reader.money("gross"),
            prepaid: try reader.money("prepaid"),
            payable: try reader.money("payable")
        )
    }
}

extension InvoiceJSON {
    /// The members of a stored object; each getter throws where its member is not of its form.
    private struct Members {
        private let json: JSON

        init(_ json: JSON) {
            self.json = json
        }

        func text(_ name: String) throws(Unreadable) -> String {
            guard let text = json[name]?.string else { throw Unreadable(member: name) }
            return text
        }

        func count(_ name: String) throws(Unreadable) -> Int {
            guard let number = json[name]?.integer else { throw Unreadable(member: name) }
            return Int(clamping: number)
        }

        func rate(_ name: String) throws(Unreadable) -> VATRate {
            guard let rate = VATRate(percent: try count(name)) else {
                throw Unreadable(member: name)
            }
            return rate
        }

        func money(_ name: String) throws(Unreadable) -> Money {
            guard let amount = json[name]?["amount"]?.integer,
                let currency = json[name]?["currency"]?.string.flatMap(Currency.init(rawValue:))
            else { throw Unreadable(member: name) }
            return Money(minor: amount, currency)
        }

        func word<Value>(
            _ name: String,
            _ make: (String) -> Value?
        ) throws(Unreadable) -> Value {
            guard let value = make(try text(name)) else { throw Unreadable(member: name) }
            return value
        }

        func optionalWord<Value>(
            _ name: String,
            _ make: (String) -> Value?
        ) throws(Unreadable) -> Value? {
            guard let member = json[name], !member.isNull else { return nil }
            return try word(name, make)
        }

        func required<Value>(
            _ name: String,
            _ read: (JSON) throws(Unreadable) -> Value
        ) throws(Unreadable) -> Value {
            guard let member = json[name] else { throw Unreadable(member: name) }
            return try read(member)
        }

        func optional<Value>(
            _ name: String,
            _ read: (JSON) throws(Unreadable) -> Value
        ) throws(Unreadable) -> Value? {
            guard let member = json[name], !member.isNull else { return nil }
            return try read(member)
        }

        func list<Value>(
            _ name: String,
            _ read: (JSON) throws(Unreadable) -> Value
        ) throws(Unreadable) -> [Value] {
            guard let elements = json[name]?.array else { throw Unreadable(member: name) }
            var values: [Value] = []
            for element in elements { values.append(try read(element)) }
            return values
        }
    }
}
