/// The seller or the buyer as a document names them (BG-4, BG-7).
package struct InvoiceParty: Sendable, Hashable {
    /// By what the party is known to the tax office.
    package enum TaxIdentity: Sendable, Hashable {
        /// A payer of VAT: `RO` and the CUI in BT-31 or BT-48.
        case vatPayer(CUI)
        /// A company that is not registered for VAT: the bare CUI in BT-32 or BT-47.
        case company(CUI)
        /// A consumer who gave his personal number (CNP), in BT-47.
        case consumer(CNP)
        /// A consumer who gave none: thirteen zeros in BT-47.
        case unidentifiedConsumer
    }

    /// BT-27, BT-44.
    package var name: String
    package var identity: TaxIdentity
    /// BT-30; of a buyer BT-47, where BT-48 is there.
    package var tradeRegister: String?
    /// BT-33, of the seller alone, such as the share capital.
    package var legalText: String?
    package var address: Address
    /// BT-41, BT-56.
    package var contactName: String?
    /// BT-42, BT-57.
    package var phone: String?
    /// BT-43, BT-58.
    package var email: String?

    package init(
        name: String,
        identity: TaxIdentity,
        tradeRegister: String? = nil,
        legalText: String? = nil,
        address: Address,
        contactName: String? = nil,
        phone: String? = nil,
        email: String? = nil
    ) {
        self.name = name
        self.identity = identity
        self.tradeRegister = tradeRegister
        self.legalText = legalText
        self.address = address
        self.contactName = contactName
        self.phone = phone
        self.email = email
    }
}
