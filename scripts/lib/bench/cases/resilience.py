"""What breaker and guard cost a call, in one process without a network.

A request is one permit and its result, or one guarded call; its CPU time is what one thread took.
`p50Ms` of a permit is the median of the means of 40 runs, since one is too short to be timed: it has
no further percentiles. `errors` are calls that the breaker did not count.
"""
import json
import os
import subprocess

from private_stack import PRODUCTS, build_release


def run(results, seconds):
    build_release("resilience-load")
    command = [os.path.join(PRODUCTS, "resilience-load"), "--json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for row in map(json.loads, output.splitlines()):
        single = row["threads"] == 1
        results.add(
            "resilience",
            row["subject"],
            row["threads"],
            errors=row["lost"],
            requestsPerSecond=round(1e9 / row["medianNs"]),
            p50Ms=row["medianNs"] / 1e6 if single else None,
            p99Ms=row["p99Ns"] and row["p99Ns"] / 1e6,
            p999Ms=row["p999Ns"] and row["p999Ns"] / 1e6,
            cpuMicrosPerRequest=row["medianNs"] / 1e3 if single and not row["p99Ns"] else None,
        )
        for target in row["targets"]:
            results.target(target["target"], target["met"])
