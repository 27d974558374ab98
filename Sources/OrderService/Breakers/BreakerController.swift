import MariaDB
import Resilience
import Web

/// The circuit breakers of all processes, for admins to see and to command.
struct BreakerController: Sendable {
    let breakers: BreakerControl
    let process: ProcessIdentity
    let clock: WallClock

    /// How long the reports of other processes are waited for; without them there is still one's
    /// own to show.
    private static let patience = Duration.seconds(1)

    var endpoints: [Endpoint] {
        [
            Endpoint(
                method: .get,
                pattern: "/v1/admin/breakers",
                access: .session(.admin),
                lane: .read,
                handler: .plain(list),
                // How the breakers stand is wanted above all when MariaDB, and the record with
                // it, is away; and it is nobody's data.
                record: .wanted
            ),
            Endpoint(
                method: .post,
                pattern: "/v1/admin/breakers/{name}",
                access: .session(.admin),
                lane: .request,
                handler: .plain(command)
            ),
        ]
    }

    private func list(_ context: Context) -> Response {
        let others = others(until: context.deadline)
        let now = clock.now
        let items = breakers.readings.map { item($0, beside: others ?? [], at: now) }
        let body: JSON = ["items": .array(items), "complete": .bool(others != nil)]
        return Response.json(.ok, body.serialized())
    }

    private func command(_ context: Context) throws -> Response {
        guard let name = context.captures.text(0), breakers.names.contains(name) else {
            throw Problem.notFound
        }
        let command = try command(name, context)
        try breakers.give(command, until: context.deadline)
        let others = others(until: context.deadline) ?? []
        guard let reading = breakers.readings.first(where: { $0.name == name }) else {
            throw Problem.internalError
        }
        return Response.json(.ok, item(reading, beside: others, at: clock.now).serialized())
    }

    private func command(_ name: String, _ context: Context) throws(Problem) -> BreakerCommand {
        let body = try BodyReader(context.request.body)
        let mode = body.word("mode", as: BreakerMode.self, required: true)
        let reason = body.string("reason", length: BreakerCommand.reasonLength, required: true)
        let expiresIn = body.integer("expiresIn", in: BreakerCommand.lives)
        if mode == .auto, expiresIn != nil {
            body.report(
                "expiresIn",
                "unknown",
                "A breaker that decides by itself does so for good."
            )
        }
        try body.finish()
        guard let mode, let reason else { throw .internalError }
        return BreakerCommand(
            name: name,
            mode: mode,
            reason: reason,
            who: context.principal.actor,
            expiresIn: expiresIn
        )
    }

    /// The reports of the other processes; nil if they cannot be read.
    private func others(until deadline: Deadline) -> [ProcessReport]? {
        try? breakers.reports(until: deadline.tightened(to: Self.patience))
            .filter { $0.process != process.text }
    }

    /// One breaker: as it is here, and as it is in all processes, this one among them.
    private func item(
        _ reading: BreakerReading,
        beside others: [ProcessReport],
        at now: Timestamp
    ) -> JSON {
        let own = Self.element(process.text, process.kind.rawValue, now, reading)
        let reported = others.compactMap { report in
            report.readings.first { $0.name == reading.name }
                .map { Self.element(report.process, report.kind, report.reportedAt, $0) }
        }
        return .object(
            [("name", .string(reading.name))] + reading.members
                + [("processes", .array([own] + reported))]
        )
    }

    private static func element(
        _ process: String,
        _ kind: String,
        _ reportedAt: Timestamp,
        _ reading: BreakerReading
    ) -> JSON {
        .object(
            [
                ("process", .string(process)), ("kind", .string(kind)),
                ("reportedAt", .string(reportedAt.rfc3339)),
            ] + reading.members
        )
    }
}
