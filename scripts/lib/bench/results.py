"""Results of all cases: a table while they come, results.json and chart.svg at the end."""
import json
import os

from bench.chart import draw

FIELDS = (
    "case",
    "subject",
    "connections",
    "round",
    "requestsPerSecond",
    "p50Ms",
    "p99Ms",
    "p999Ms",
    "cpuMicrosPerRequest",
    "errors",
)
HEADINGS = ("conn", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs", "errors")


def percentile(values, percent):
    """The value that so many per cent do not exceed; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    index = -(-len(ordered) * percent // 100) - 1
    return ordered[max(0, min(int(index), len(ordered) - 1))]


class Results:
    """Written anew after each result, so that an interrupted run has what it measured."""

    def __init__(self, directory):
        self.directory = directory
        self.rows = []
        self._case = None
        os.makedirs(directory, exist_ok=True)

    def add(self, case, subject, connections, errors=0, round=1, **numbers):
        """Adds one result and prints its line; what is not given does not apply."""
        given = dict(
            numbers, case=case, subject=subject, connections=connections, round=round, errors=errors
        )
        unknown = set(given) - set(FIELDS)
        if unknown:
            raise ValueError(f"no such fields: {unknown}")
        self.rows.append({name: given.get(name) for name in FIELDS})
        self._print(self.rows[-1])
        self._write()

    def add_latencies(self, case, subject, connections, milliseconds, seconds, **more):
        """Adds a result whose percentiles are those of single requests."""
        self.add(
            case,
            subject,
            connections,
            requestsPerSecond=round(len(milliseconds) / seconds, 1) if seconds else None,
            p50Ms=_rounded(percentile(milliseconds, 50)),
            p99Ms=_rounded(percentile(milliseconds, 99)),
            p999Ms=_rounded(percentile(milliseconds, 99.9)),
            **more,
        )

    def target(self, text, is_met):
        print(f"    {text}: target {'met' if is_met else 'NOT met'}", flush=True)

    def note(self, text):
        print(f"    {text}", flush=True)

    def _print(self, row):
        if row["case"] != self._case:
            self._case = row["case"]
            print(f"\n{self._case:44}" + "".join(f"{name:>11}" for name in HEADINGS))
        cells = (row[name] for name in FIELDS if name not in ("case", "subject", "round"))
        print(f"{row['subject']:44}" + "".join(f"{_cell(cell):>11}" for cell in cells), flush=True)

    def _write(self):
        with open(os.path.join(self.directory, "results.json"), "w", encoding="utf-8") as file:
            json.dump(self.rows, file, indent=1, ensure_ascii=False)
            file.write("\n")
        with open(os.path.join(self.directory, "chart.svg"), "w", encoding="utf-8") as file:
            file.write(draw(self.rows))


def _rounded(value):
    return None if value is None else round(value, 3)


def _cell(value):
    if value is None:
        return "–"
    return f"{value:.5g}" if isinstance(value, float) and abs(value) < 100000 else f"{value:.0f}"
