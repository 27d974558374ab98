extension Services {
    var bulkCancelStore: BulkCancelStore {
        BulkCancelStore(database: database, clock: clock, process: process)
    }

    /// What cancels many orders in the worker.
    var bulkCancelJob: BulkCancelJob {
        BulkCancelJob(store: bulkCancelStore, closing: closing)
    }
}
