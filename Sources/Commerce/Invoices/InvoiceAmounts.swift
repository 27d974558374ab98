/// One line of a document (BG-25).
package struct InvoiceLine: Sendable, Hashable {
    /// BT-126, from 1.
    package var position: Int
    /// BT-155.
    package var sku: String?
    /// BT-153, whole; the document's form cuts it.
    package var name: String
    /// BT-129.
    package var quantity: Int
    /// BT-130, UN/ECE recommendation 20.
    package var unitCode: String
    /// BT-131: without VAT.
    package var net: Money
    /// What was paid for it, with VAT: all arithmetic begins here.
    package var gross: Money
    /// BT-152.
    package var vatRate: VATRate

    package init(
        position: Int,
        sku: String?,
        name: String,
        quantity: Int,
        unitCode: String = "H87",
        net: Money,
        gross: Money,
        vatRate: VATRate
    ) {
        self.position = position
        self.sku = sku
        self.name = name
        self.quantity = quantity
        self.unitCode = unitCode
        self.net = net
        self.gross = gross
        self.vatRate = vatRate
    }
}

/// A discount or a charge on the whole document under one rate (BG-20, BG-21).
package struct InvoiceAdjustment: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case discount
        case shipping

        package var isCharge: Bool { self == .shipping }

        /// UNTDID 5189 (BT-98) or 7161 (BT-105).
        package var reasonCode: String {
            switch self {
            case .discount: "95"
            case .shipping: "FC"
            }
        }
    }

    package var kind: Kind
    /// BT-97, BT-104.
    package var reason: String
    /// BT-92, BT-99: without VAT; not negative.
    package var net: Money
    /// With VAT; not negative.
    package var gross: Money
    /// BT-96, BT-103.
    package var vatRate: VATRate

    package init(kind: Kind, reason: String, net: Money, gross: Money, vatRate: VATRate) {
        self.kind = kind
        self.reason = reason
        self.net = net
        self.gross = gross
        self.vatRate = vatRate
    }
}

/// What falls under one rate (BG-23).
package struct InvoiceVAT: Sendable, Hashable {
    /// BT-119.
    package var rate: VATRate
    /// BT-116.
    package var base: Money
    /// BT-117.
    package var vat: Money

    package init(rate: VATRate, base: Money, vat: Money) {
        self.rate = rate
        self.base = base
        self.vat = vat
    }
}

/// The sums of a document (BG-22).
package struct InvoiceTotals: Sendable, Hashable {
    /// BT-106.
    package var lines: Money
    /// BT-107.
    package var allowances: Money
    /// BT-108.
    package var charges: Money
    /// BT-109.
    package var net: Money
    /// BT-110.
    package var vat: Money
    /// BT-112.
    package var gross: Money
    /// BT-113.
    package var prepaid: Money
    /// BT-115.
    package var payable: Money

    package init(
        lines: Money,
        allowances: Money,
        charges: Money,
        net: Money,
        vat: Money,
        gross: Money,
        prepaid: Money,
        payable: Money
    ) {
        self.lines = lines
        self.allowances = allowances
        self.charges = charges
        self.net = net
        self.vat = vat
        self.gross = gross
        self.prepaid = prepaid
        self.payable = payable
    }
}

/// How a document is paid (BG-16).
package struct InvoicePaymentMeans: Sendable, Hashable {
    package enum Code: String, Sendable, CaseIterable {
        /// UNTDID 4461.
        case cash = "10"
        case creditTransfer = "30"
        case card = "48"
    }

    /// BT-81.
    package var code: Code
    /// BT-82.
    package var text: String
    /// BT-84; needed for a transfer.
    package var iban: IBAN?
    /// BT-85.
    package var accountName: String?

    package init(code: Code, text: String, iban: IBAN? = nil, accountName: String? = nil) {
        self.code = code
        self.text = text
        self.iban = iban
        self.accountName = accountName
    }
}
