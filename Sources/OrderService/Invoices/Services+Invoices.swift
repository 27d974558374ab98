extension Services {
    var invoiceIssuer: InvoiceIssuer {
        InvoiceIssuer(
            drafting: InvoiceDrafting(invoicing: settings.invoicing),
            methods: shippingMethods
        )
    }

    /// What issues the documents of an order that are due.
    package var invoiceJobs: InvoiceJobs { InvoiceJobs(ledger: ledger, issuer: invoiceIssuer) }
}
