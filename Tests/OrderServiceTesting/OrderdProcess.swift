import Foundation

/// `orderd serve` or `orderd worker` of a stack, started and killed by a test itself.
///
/// In place of the one that the stack's scripts started, which is stopped before.
package final class OrderdProcess {
    package enum Command: String, Sendable, CaseIterable {
        case serve
        case worker
    }

    // Under its pid file's name, so that whoever takes the stack down ends it as well.
    private static let script = """
        source "$2/scripts/lib/process.sh"
        printf '%s %s\\n' $$ "$(process_identity $$)" >"$RUN_DIR/pid/orderd-$1"
        set -a; source "$RUN_DIR/settings"; set +a
        ulimit -Sn 8192 2>/dev/null
        exec "$0" "$1" 2>>"$RUN_DIR/log/orderd-$1.log"
        """

    private let child: ChildProcess

    /// Starts it with the stack's settings; returns before it is ready.
    ///
    /// - Parameters:
    ///   - command: which of the two.
    ///   - stack: whose it is.
    ///   - crashPoint: where it is to die, as `ORDERD_CRASH_AT` has it.
    /// - Throws: `ChildProcess.Failure`.
    package init(
        _ command: Command,
        in stack: StackUnderTest,
        dyingAt crashPoint: String? = nil
    ) throws {
        let settings = stack.settings + (crashPoint.map { ["ORDERD_CRASH_AT=\($0)"] } ?? [])
        child = try ChildProcess(
            "/usr/bin/env",
            settings
                + [
                    "/bin/bash", "-c", Self.script, StackUnderTest.orderd, command.rawValue,
                    StackUnderTest.root,
                ]
        )
    }

    /// Whether it has ended; does not wait.
    package var hasEnded: Bool { child.hasEnded }

    /// Ends it by SIGKILL; returns when it is gone.
    package func kill() { child.end() }
}
