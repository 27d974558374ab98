extension Services {
    var bulkCancelStore: BulkCancelStore {
        BulkCancelStore(database: database, clock: clock, process: process)
    }

    var bulkCancelController: BulkCancelController {
        BulkCancelController(
            store: bulkCancelStore,
            orders: orders,
            audit: audit,
            idempotency: idempotency
        )
    }

    /// What cancels many orders in the worker.
    var bulkCancelJob: BulkCancelJob {
        BulkCancelJob(store: bulkCancelStore, closing: closing)
    }
}
