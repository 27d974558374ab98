package import Resilience

extension Services {
    var invoiceIssuer: InvoiceIssuer {
        InvoiceIssuer(
            drafting: InvoiceDrafting(invoicing: settings.invoicing),
            methods: shippingMethods
        )
    }

    /// What issues the documents of an order that are due.
    package var invoiceJobs: InvoiceJobs { InvoiceJobs(ledger: ledger, issuer: invoiceIssuer) }

    package var invoiceReading: InvoiceReading { InvoiceReading(database: database) }

    /// Checks that no series of the settings has documents of the other kind; blocks on MariaDB.
    ///
    /// - Throws: which one has; `MariaDBError`.
    package func checkInvoiceSeries(until deadline: Deadline) throws {
        try invoiceReading.checkSeries(of: invoiceIssuer.drafting, until: deadline)
    }

    /// What finds orders that lack a document.
    package var invoicePending: InvoicePending {
        InvoicePending(backlog: InvoiceBacklog(database: database), jobs: invoiceJobs)
    }

    package var invoiceDeadlines: InvoiceDeadlines { InvoiceDeadlines(database: database) }

    package var invoiceExport: InvoiceExport { InvoiceExport(archive: invoiceArchive) }

    package var invoiceVerification: InvoiceVerification {
        InvoiceVerification(
            archive: invoiceArchive,
            backlog: InvoiceBacklog(database: database),
            clock: clock,
            retention: settings.retention.accounting
        )
    }

    private var invoiceArchive: InvoiceArchive { InvoiceArchive(database: database) }
}
