extension Services {
    /// The routes of invoices and credit notes: look-ups for the staff, an order's own for the customer.
    var invoiceLookUpEndpoints: [Endpoint] {
        let reader = InvoiceReader(database: database)
        return InvoiceSearchController(store: InvoiceSearchStore(database: database)).endpoints
            + InvoiceController(reader: reader, cache: cache, quick: quickReader).endpoints
            + OrderInvoices(reader: reader).endpoints
    }
}
