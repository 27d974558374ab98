extension Services {
    private var refundStore: RefundStore { RefundStore(database: database, clock: clock) }

    var refundSettlement: RefundSettlement {
        RefundSettlement(ledger: ledger, payments: payments)
    }

    /// Reads refunds again, for webhooks and whoever is in doubt.
    var refundReader: RefundReader {
        RefundReader(
            payments: payments,
            stripe: stripe,
            settlement: refundSettlement,
            paymentSettlement: settlement
        )
    }

    private var refundDispatch: RefundDispatch {
        RefundDispatch(
            store: refundStore,
            payments: payments,
            stripe: stripe,
            settlement: refundSettlement,
            reader: refundReader
        )
    }

    var refundRequester: RefundRequester {
        RefundRequester(
            ledger: ledger,
            orders: orders,
            supportLimit: settings.refunds.supportLimit,
            dailyLimit: settings.refunds.dailyLimit
        )
    }

    var refundController: RefundController {
        RefundController(
            requester: refundRequester,
            dispatch: refundDispatch,
            reader: refundReader,
            settlement: refundSettlement,
            store: refundStore,
            payments: payments,
            orders: orders,
            idempotency: idempotency
        )
    }

    /// What the worker does for refunds.
    var refundJobs: RefundJobs {
        RefundJobs(
            store: refundStore,
            payments: payments,
            dispatch: refundDispatch,
            reader: refundReader
        )
    }

    /// What operators do with refunds.
    package var refundControl: RefundControl {
        RefundControl(
            store: refundStore,
            control: RefundSwitch(database: database, clock: clock)
        )
    }
}
