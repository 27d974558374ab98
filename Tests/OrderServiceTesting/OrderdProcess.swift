import Foundation

/// `orderd serve` or `orderd worker` of a stack, started and killed by a test itself.
///
/// In place of the one that the stack's scripts started, which is stopped before, or beside it, with
/// settings of its own.
package final class OrderdProcess {
    package enum Command: String, Sendable, CaseIterable {
        case serve
        case worker
    }

    // Under its pid file's name, so that whoever takes the stack down ends it as well.
    private static let script = """
        source "$2/scripts/lib/process.sh"
        if [[ $# -eq 2 ]]; then
            printf '%s %s\\n' $$ "$(process_identity $$)" >"$RUN_DIR/pid/orderd-$1"
        fi
        set -a; source "$RUN_DIR/settings"; set +a
        ulimit -Sn 8192 2>/dev/null
        exec env "${@:3}" "$0" "$1" 2>>"$RUN_DIR/log/orderd-$1.log"
        """

    private let child: ChildProcess

    /// Starts it with the stack's settings; returns before it is ready.
    ///
    /// - Parameters:
    ///   - command: which of the two.
    ///   - stack: whose it is.
    ///   - crashPoint: where it is to die, as `ORDERD_CRASH_AT` has it.
    ///   - changes: settings that differ from the stack's; with any it is one more process, which the
    ///     stack's scripts know nothing of.
    /// - Throws: `ChildProcess.Failure`.
    package init(
        _ command: Command,
        in stack: StackUnderTest,
        dyingAt crashPoint: String? = nil,
        _ changes: [String: String] = [:]
    ) throws {
        let settings = stack.settings + (crashPoint.map { ["ORDERD_CRASH_AT=\($0)"] } ?? [])
        child = try ChildProcess(
            "/usr/bin/env",
            settings
                + [
                    "/bin/bash", "-c", Self.script, StackUnderTest.orderd, command.rawValue,
                    StackUnderTest.root,
                ] + changes.map { "\($0.key)=\($0.value)" }
        )
    }

    /// Whether it has ended; does not wait.
    package var hasEnded: Bool { child.hasEnded }

    /// Ends it by SIGKILL; returns when it is gone.
    package func kill() { child.end() }
}
