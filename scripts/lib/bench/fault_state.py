"""One state of the other services under load, and what is seen of it."""
import json
import os
import subprocess
import time
import urllib.request
from math import ceil

from bench.results import percentile
from private_stack import PRODUCTS

LOOKUPS, CHECKOUTS = 200, 10
OPEN_WAIT = 3
# Before a policy judges.
MINIMUM_CALLS = 10
# Look-ups alone, so that connections are open when the measuring begins.
WARM_UP = 1.5
# What a breaker's wait may take, what the target allows above it, and a little more to see it.
RECOVERY = OPEN_WAIT + 4

# A fault of all routes of all services.
ALL = "* /*"
HANGING = {"kind": "hold"}
SLOW = {"kind": "delay", "delayMs": 3000, "probability": 0.5}
# A simulator that is not there at all: nginx before it ends connections without an answer.
STOPPED = None
# Stripe's port is closed.
REFUSED = "refused"


class State:
    """One state under load, from its beginning until all is well again."""

    def __init__(self, stack, gate, route, fault, seconds, is_new=True):
        self.stack, self.gate, self.route, self.fault = stack, gate, route, fault
        self.is_new = is_new
        self.simulator = stack.environment()["SIM_URL"]
        self._stock()
        arguments = map(str, (LOOKUPS, CHECKOUTS, ceil(seconds) + RECOVERY + 5))
        load = subprocess.Popen(
            [os.path.join(PRODUCTS, "faultload"), *arguments],
            env=stack.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            ready = load.stdout.readline()
            if ready != "ready\n":
                raise SystemExit(f"bench: {ready}{load.stdout.read()}")
            if is_new:
                stack.run("stop", "orderd-serve")
                stack.run("start", "orderd-serve")
            self._say(load)
            time.sleep(WARM_UP)
            transitions = len(self._openings())
            self._begin()
            processor = self._processor_seconds()
            self._say(load)
            time.sleep(seconds)
            self.processor = self._processor_seconds() - processor
            self.openings = self._openings()[transitions:]
            self._end()
            self._say(load)
            time.sleep(RECOVERY)
            self._say(load)
            output = load.communicate(timeout=120)[0]
        finally:
            load.kill()
            load.wait()
        self._read(json.loads(output))

    @staticmethod
    def _say(load):
        load.stdin.write("\n")
        load.stdin.flush()

    def _simulate(self, method, path, body=None):
        request = urllib.request.Request(
            self.simulator + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        urllib.request.urlopen(request, timeout=10).read()

    def _stock(self):
        coffee = {"sku": "CAFEA-250", "name": "Cafea boabe", "price": 3490, "vatRate": 11}
        self._simulate("PUT", "/products", {"products": [{**coffee, "stock": 1000000}]})

    def _begin(self):
        if self.fault is STOPPED:
            self.stack.run("stop", "ordersim")
        elif self.fault is REFUSED:
            self.gate.shut()
        elif self.fault:
            self._simulate("POST", "/_faults", {**self.fault, "match": self.route})

    def _end(self):
        if self.fault is STOPPED:
            self.stack.run("start", "ordersim")
            self._stock()
        elif self.fault is REFUSED:
            self.gate.open()
        elif self.fault:
            self._simulate("DELETE", "/_faults")

    def _processor_seconds(self):
        with open(f"/proc/{self.stack.process('orderd-serve')}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self, seen):
        self.connections = seen["connections"]
        self.seconds = seen["faultSeconds"]
        end = self.seconds * 1000
        self.lookups = [row["ms"] for row in seen["lookUps"] if 0 <= row["at"] < end]
        self.checkouts = [row for row in seen["checkouts"] if row["at"] < end]
        self.after = [row for row in seen["checkouts"] if row["at"] >= end]
        self.failures = seen["failures"]
        refused = self._refused()
        open_ones = [row for row in self.checkouts if row["requestId"] in refused]
        self.refused = [row["ms"] for row in open_ones]
        self.opened = min((row["at"] / 1000 for row in open_ones), default=None)
        # From the last request that the fault has caught to the first of those that are all well.
        caught = max((row["at"] + row["ms"] for row in self.checkouts), default=end)
        bad = [row for row in self.after if row["degraded"] or row["optimistic"]]
        last = max((row["at"] for row in bad), default=None)
        good = [row["at"] for row in self.after if last is None or row["at"] > last]
        self.recovery = max(0, min(good) - max(end, caught)) / 1000 if good else None

    def _log(self, word):
        path = os.path.join(self.stack.directory, "log", "orderd-serve.log")
        with open(path, encoding="utf-8") as log:
            return [json.loads(line) for line in log if word in line]

    def _openings(self):
        """How many calls made Stripe's breaker open, each time that it did."""
        lines = self._log('"breaker":"stripe-payment"')
        return [int(line["calls"]) for line in lines if line["to"] == "open"]

    def _refused(self):
        """Requests of which no call that would have been made was let through by a breaker."""
        found = set()
        for line in self._log('"bench-'):
            outcomes = {}
            for call in line.get("upstream", []):
                outcomes.setdefault(call["name"], []).append(call["outcome"])
            stripe = outcomes.get("stripe-payment.create", [])
            product = outcomes.get("product-service.reserve", [])
            others = self.route == ALL and product != ["open"]
            if stripe == ["open"] and not others:
                found.add(line["requestId"])
        return found

    def report(self, results, name, healthy, **more):
        answered = len(self.lookups) + len(self.checkouts)
        times = [row["ms"] for row in self.checkouts]
        processor = round(self.processor * 1e6 / answered) if answered else None
        lost = [row for row in self.failures if "/complete" not in row["text"]]

        def add(subject, connections, values, **numbers):
            results.add_latencies(
                "faults", f"{name}: {subject}", connections, values, self.seconds, **more, **numbers
            )

        add(
            "look-ups",
            self.connections["lookUps"],
            self.lookups,
            cpuMicrosPerRequest=processor,
            errors=len(lost),
        )
        add(
            "checkouts",
            self.connections["checkouts"],
            times,
            cpuMicrosPerRequest=processor,
            errors=len(self.failures) - len(lost),
        )
        if self.refused:
            add("degraded, breaker open", self.connections["checkouts"], self.refused)
        for failure in self.failures[:3]:
            results.note(f"at {failure['at'] / 1000:.1f} s: {failure['text'][:200]}")
        p99 = percentile(self.lookups, 99)
        if healthy and p99:
            ratio = p99 / healthy
            results.target(f"look-ups' p99 {ratio:.1f} x healthy, at most 2", ratio <= 2)
        slowest = max(times, default=0) / 1000
        results.target(f"slowest checkout {slowest:.2f} s, at most 8", slowest <= 8)
        if self.refused:
            p99 = percentile(self.refused, 99)
            results.target(f"degraded p99 {p99:.1f} ms once open, below 100", p99 < 100)
        if self.fault != {}:
            degraded = sum(row["degraded"] for row in self.checkouts)
            opened = f"the first {self.opened:.1f} s later" if self.refused else "none"
            results.note(
                f"{degraded} of {len(times)} payments started degraded;"
                f" refused by an open breaker: {len(self.refused)}, {opened}"
            )
            calls = self.openings[0] if self.openings else None
            if self.fault in (SLOW, HANGING) or not self.is_new:
                # Calls that hang are judged together, as many as there are when their time is over.
                results.note(f"Stripe's breaker opened after {calls or 'no number of'} calls")
            else:
                results.target(
                    f"Stripe's breaker opened after {calls} calls, at most {MINIMUM_CALLS}",
                    calls is not None and calls <= MINIMUM_CALLS,
                )
            if self.recovery is None:
                results.target(f"recovery later than {RECOVERY} s, at most {OPEN_WAIT + 1}", False)
            else:
                results.target(
                    f"recovery after {self.recovery:.1f} s, at most {OPEN_WAIT + 1}",
                    self.recovery <= OPEN_WAIT + 1,
                )
