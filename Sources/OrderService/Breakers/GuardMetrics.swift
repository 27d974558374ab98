import Observability
import Resilience

/// The metrics of what stands beside a breaker: lanes, time limits, repetitions.
enum GuardMetrics {
    static func register(_ series: BreakerMetrics.Series<GuardSnapshot>) {
        registerLanes(series)
        registerTimeLimit(series)
        registerRepetitions(series)
    }

    private static func registerLanes(_ series: BreakerMetrics.Series<GuardSnapshot>) {
        series.gauge("orderd_guard_lanes", "Calls that may run at once.") {
            Double($0.limiter.lanes.lanes)
        }
        series.gauge("orderd_guard_lanes_busy", "Calls that run, late ones among them.") {
            Double($0.limiter.lanes.busy)
        }
        series.gauge("orderd_guard_lanes_queued", "Calls that wait for a lane.") {
            Double($0.limiter.lanes.queued)
        }
        series.counter(
            "orderd_guard_lanes_refused_total",
            "Calls refused, lanes and queue being full."
        ) { Double($0.limiter.lanes.refusals) }
    }

    private static func registerTimeLimit(_ series: BreakerMetrics.Series<GuardSnapshot>) {
        series.counter(
            "orderd_guard_timeouts_total",
            "Attempts that went on past their time, so that nobody waited for them any more."
        ) { Double($0.limiter.timeouts) }
        series.counter(
            "orderd_guard_late_results_total",
            "Attempts that ended after that."
        ) { Double($0.limiter.lateResults) }
        series.counter(
            "orderd_guard_not_begun_total",
            "Attempts whose time was over before a lane was free."
        ) { Double($0.limiter.notBegun) }
        series.counter(
            "orderd_guard_failed_assessments_total",
            "Outcomes whose assessment failed; a fault of ours."
        ) { Double($0.counts.failedAssessments) }
    }

    private static func registerRepetitions(_ series: BreakerMetrics.Series<GuardSnapshot>) {
        series.counter("orderd_guard_repetitions_total", "Attempts beyond the first.") {
            Double($0.counts.repetitions)
        }
        series.gauge(
            "orderd_guard_budget_calls",
            "Calls of the last 60 seconds, of which repetitions may be a share."
        ) { Double($0.budget.calls) }
        series.gauge(
            "orderd_guard_budget_allowed",
            "Repetitions that the last 60 seconds allow."
        ) { Double($0.budget.allowed) }
        series.gauge(
            "orderd_guard_budget_used",
            "Repetitions of the last 60 seconds."
        ) { Double($0.budget.repetitions) }
        series.counter(
            "orderd_guard_budget_refused_total",
            "Repetitions refused because there were too many."
        ) { Double($0.budget.refusals) }
        // An outcome that advises no repetition is not counted, so there is no such series.
        for reason in RetryPolicy.Reason.allCases where reason != .notAdvised {
            series.counter(
                "orderd_guard_without_retry_total",
                "Calls that a repetition might have helped, by why there was none.",
                ("reason", reason.rawValue)
            ) { Double($0.counts.withoutRetry[reason] ?? 0) }
        }
    }
}
