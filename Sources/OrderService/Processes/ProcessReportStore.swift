package import MariaDB
import Resilience
import Web

/// What one process last told of its breakers and caches.
package struct ProcessReport: Sendable {
    package let process: String
    package let kind: String
    package let startedAt: Timestamp
    package let reportedAt: Timestamp
    package let readings: [BreakerReading]
    package let caches: [CacheReading]
}

/// The reports of the processes, all SQL of theirs.
///
/// It counts time by the database's clock, so that processes on hosts whose clocks differ agree on who
/// is silent.
package struct ProcessReportStore: Sendable {
    let database: Database

    /// Writes what a process's breakers and caches are like, in place of its last report.
    func report(
        _ readings: [BreakerReading],
        _ caches: [CacheReading],
        of process: ProcessIdentity,
        startedAt: Timestamp,
        until deadline: Deadline
    ) throws {
        let document = JSON.object([
            ("breakers", .array(readings.map(\.json))), ("caches", .array(caches.map(\.json))),
        ]).serialized()
        try database.execute(
            """
            INSERT INTO process_reports (process, kind, started_at, reported_at, document)
            VALUES (\(process.text), \(process.kind.rawValue), \(startedAt), UTC_TIMESTAMP(6),
                \(document))
            ON DUPLICATE KEY UPDATE started_at = VALUES(started_at),
                reported_at = VALUES(reported_at), document = VALUES(document)
            """,
            until: deadline
        )
    }

    /// The reports of all processes that have spoken within the last minute, by name.
    func reports(until deadline: Deadline) throws -> [ProcessReport] {
        try database.query(
            """
            SELECT process, kind, started_at, reported_at, document FROM process_reports
            WHERE reported_at > UTC_TIMESTAMP(6) - INTERVAL 60 SECOND ORDER BY process
            """,
            until: deadline
        ).map { row in
            let document = try? JSON(parsing: Array(try row.string("document").utf8))
            return ProcessReport(
                process: try row.string("process"),
                kind: try row.string("kind"),
                startedAt: try row.timestamp("started_at"),
                reportedAt: try row.timestamp("reported_at"),
                readings: document?["breakers"]?.array?.compactMap(BreakerReading.init) ?? [],
                caches: document?["caches"]?.array?.compactMap(CacheReading.init) ?? []
            )
        }
    }

    /// Removes the report of a process that ends.
    func remove(_ process: ProcessIdentity, until deadline: Deadline) throws {
        try database.execute(
            "DELETE FROM process_reports WHERE process = \(process.text)",
            until: deadline
        )
    }

    /// Removes the reports of processes that have not spoken for an hour.
    func removeSilent(until deadline: Deadline) throws {
        try database.execute(
            """
            DELETE FROM process_reports WHERE reported_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR
            """,
            until: deadline
        )
    }
}
