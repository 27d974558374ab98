"""A payment from end to end, through nginx: from its completion until its order shows as paid.

Guests buy by card at the same time, one purchase after the other; the stand-in for Stripe is well
and sends its webhook at once. What the steps take is told by the clients, and for those within the
service by its log. The CPU time is that of `orderd serve` and `orderd worker` together.

Then each kind of fault happens once in each call of a purchase, and the slowest purchase is shown.
"""
import json
import os
import subprocess
import urllib.request

from bench.results import percentile
from private_stack import PRODUCTS, PrivateStack, build_release

CLIENTS = 16
TARGET = 250
SLOWEST = 3
FAULTS = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "garbage"},
    {"kind": "delay", "delayMs": 5000},
]
CALLS = [
    "GET /products",
    "POST /reservations",
    "POST /stripe/v1/payment_intents",
    "GET /stripe/v1/payment_intents/*",
]
STEPS = {
    "completion": "complete",
    "confirmation": "the card is charged (stand-in)",
    "settlement": "webhook, settled, shown",
}


def run(results, seconds):
    for product in ("orderd", "ordersim", "paymentload"):
        build_release(product)
    with PrivateStack({"SEED_ORDERS": "0"}) as stack:
        load(stack, 2)
        for number in (1, 2):
            before = processor_seconds(stack)
            seen = load(stack, seconds)
            processor = processor_seconds(stack) - before
            report(results, number, seen, seconds, processor)
        steps_of_log(results, stack)
        for call in CALLS:
            single_faults(results, stack, call)


def load(stack, seconds, clients=CLIENTS):
    command = [os.path.join(PRODUCTS, "paymentload"), str(clients), str(int(seconds) or 1)]
    output = subprocess.run(
        command, env=stack.environment(), check=True, capture_output=True, text=True
    ).stdout
    return json.loads(output)


def processor_seconds(stack):
    """Of both processes of orderd."""
    total = 0
    for name in ("orderd-serve", "orderd-worker"):
        with open(f"/proc/{stack.process(name)}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def report(results, number, seen, seconds, processor):
    purchases = seen["purchases"]
    whole = [sum(purchase.values()) for purchase in purchases]
    results.add_latencies(
        "payments",
        "complete to paid",
        CLIENTS,
        whole,
        seconds,
        round=number,
        errors=len(seen["failures"]),
        cpuMicrosPerRequest=round(processor * 1e6 / len(whole)) if whole else None,
    )
    for failure in seen["failures"][:3]:
        results.note(failure[:200])
    for step, name in STEPS.items():
        times = [purchase[step] for purchase in purchases]
        results.add_latencies("payments", f"  {name}", CLIENTS, times, seconds, round=number)
    p99 = percentile(whole, 99)
    if p99 is not None:
        results.target(f"p99 {p99:.0f} ms, below {TARGET}", p99 < TARGET)


def single_faults(results, stack, call):
    """One fault of each kind in a call, once; the slowest purchase of all."""
    slowest, failures = {}, []
    for fault in FAULTS:
        name = " ".join(str(value) for value in fault.values())
        simulate(stack, "POST", {**fault, "match": call, "times": 1})
        seen = load(stack, 1, clients=1)
        simulate(stack, "DELETE")
        failures += seen["failures"]
        slowest[name] = max((sum(purchase.values()) for purchase in seen["purchases"]), default=0)
    for failure in failures[:3]:
        results.note(failure[:200])
    worst = max(slowest, key=slowest.get)
    seconds = slowest[worst] / 1000
    results.target(
        f"one fault in {call}: {seconds:.2f} s at most ({worst}), below {SLOWEST}",
        seconds < SLOWEST and not failures,
    )


def simulate(stack, method, body=None):
    request = urllib.request.Request(
        stack.environment()["SIM_URL"] + "/_faults",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    urllib.request.urlopen(request, timeout=10).read()


def steps_of_log(results, stack):
    """What a completion is made of, as the access log has it."""
    steps = {}
    with open(os.path.join(stack.directory, "log", "orderd-serve.log"), encoding="utf-8") as log:
        for line in log:
            if '/complete"' not in line:
                continue
            entry = json.loads(line)
            calls = {call["name"]: call["ms"] for call in entry.get("upstream", [])}
            rest = entry["durationMs"] - sum(calls.values())
            for name, duration in {**calls, "our own work and rows": rest}.items():
                steps.setdefault(name, []).append(duration)
    for name, times in sorted(steps.items()):
        p50, p99 = (percentile(times, percent) for percent in (50, 99))
        results.note(f"within complete: {name} p50 {p50:.1f} ms, p99 {p99:.1f} ms")
