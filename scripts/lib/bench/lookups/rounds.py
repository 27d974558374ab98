"""Interleaved rounds of all programs, their medians and how far they lie apart."""
import json
import os
from statistics import median

from bench.lookups import wrk

CONNECTIONS = (16, 64, 256)
ROUNDS = 5
# Answers that are the same differ no more, by the lengths of dates and ids.
SAME_SIZE = 1.02


class Summary:
    """A program in one case, over all rounds."""

    def __init__(self, loads, processor):
        self.loads = loads
        self.rate = median(load.rate for load in loads)
        self.p50 = median(load.p50 for load in loads)
        self.p99 = median(load.p99 for load in loads)
        self.p999 = median(load.p999 for load in loads)
        self.worst_p99 = max(load.p99 for load in loads)
        self.processor = median(processor)
        self.bytes = median(load.bytes for load in loads)
        self.errors = sum(load.errors for load in loads)
        self.least, self.most = (pick(load.rate for load in loads) for pick in (min, max))
        # The share of the rarest kind of request that was not asked before.
        requests = sum(load.requests for load in loads)
        self.first_share = 1 - sum(load.repeated for load in loads) / max(1, requests)


class Rounds:
    """Measures, and keeps each single round in `lookups.json` beside the results."""

    def __init__(self, results, seconds):
        # At least a second each: wrk counts in whole ones.
        self.count = max(1, min(ROUNDS, int(seconds)))
        self.seconds = max(1, round(seconds / self.count))
        self._results = results
        self._path = os.path.join(results.directory, "lookups.json")
        self._rows = []

    def compare(self, title, programs, lists, connections, prepare, seconds=None):
        """Runs all programs in turn, round by round; by name a `Summary`.

        - title: of the case.
        - programs: by name.
        - lists: the requests with their weights.
        - prepare: called before each run, with the program; not measured.
        - seconds: of a run, where there are not enough requests for as long as usual.
        """
        loads = {name: [] for name in programs}
        processor = {name: [] for name in programs}
        for number in range(-1, self.count):
            for name, program in programs.items():
                prepare(program)
                before = program.processor_seconds()
                # One second before the first round, in which connections and caches are made.
                time = (seconds or self.seconds) if number >= 0 else 1
                load = wrk.run(program.port, lists, connections, time)
                spent = (program.processor_seconds() - before) * 1e6 / max(1, load.requests)
                if number >= 0:
                    loads[name].append(load)
                    processor[name].append(spent)
                    self._keep(title, name, connections, number + 1, load, spent)
        summaries = {name: Summary(loads[name], processor[name]) for name in programs}
        self._report(title, connections, summaries)
        return summaries

    def _keep(self, title, name, connections, number, load, spent):
        self._rows.append(
            {
                "case": title,
                "program": name,
                "connections": connections,
                "round": number,
                "requestsPerSecond": round(load.rate, 1),
                "p50Ms": load.p50,
                "p99Ms": load.p99,
                "p999Ms": load.p999,
                "cpuMicrosPerRequest": round(spent, 2),
                "bytesPerAnswer": round(load.bytes, 1),
                "errors": load.errors,
            }
        )
        with open(self._path, "w", encoding="utf-8") as file:
            json.dump(self._rows, file, indent=1, ensure_ascii=False)
            file.write("\n")

    def _report(self, title, connections, summaries):
        for name, summary in summaries.items():
            self._results.add(
                "lookups",
                f"{title}: {name}, {connections}",
                connections,
                round=self.count,
                errors=summary.errors,
                requestsPerSecond=round(summary.rate, 1),
                p50Ms=round(summary.p50, 3),
                p99Ms=round(summary.p99, 3),
                p999Ms=round(summary.p999, 3),
                cpuMicrosPerRequest=round(summary.processor, 2),
            )
        spread = "; ".join(
            f"{name} {summary.least:.0f} to {summary.most:.0f}"
            for name, summary in summaries.items()
        )
        self._results.note(f"req/s over the rounds: {spread}")
        sizes = {name: summary.bytes for name, summary in summaries.items()}
        if max(sizes.values()) > SAME_SIZE * min(sizes.values()):
            self._results.note(f"the answers were not the same; bytes: {sizes}")
