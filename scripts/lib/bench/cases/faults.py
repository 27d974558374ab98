"""What customers notice while Stripe, or all other services, fail in one way after the other.

Look-ups and checkouts come at a fixed rate far below what the machine can do, through nginx. A
look-up's time counts from when it was due. Each state lasts some seconds; then it is ended, and it
is measured how long payments still start degraded, from when the last request has ended that the
fault had caught: an answer that was held back comes, or is waited for, after the fault has gone. The
CPU time is that of `orderd serve`, spread over all requests of the state.
"""
import os

from bench.fault_state import ALL, HANGING, OPEN_WAIT, REFUSED, SLOW, STOPPED, State
from bench.gate import Gate
from bench.results import percentile
from private_stack import PrivateStack, build_release, free_port

HISTORY = 30
LIMITS = {
    name: "1000000"
    for name in (
        "PAYMENT_LIMIT_CUSTOMER_HOUR",
        "PAYMENT_LIMIT_CUSTOMER_DAY",
        "PAYMENT_LIMIT_ADDRESS_HOUR",
        "FRAUD_REVIEW_SCORE",
        "FRAUD_BLOCK_SCORE",
    )
}
POLICIES = {
    name: f"openWait={OPEN_WAIT}s openWaitCap={OPEN_WAIT}s"
    for name in ("STRIPE_PAYMENT_POLICY", "PRODUCT_SERVICE_POLICY", "USER_SERVICE_POLICY")
}

STRIPE = "POST /stripe/v1/payment_intents"
FAILING = {"kind": "status", "status": 500}
GARBAGE = {"kind": "garbage"}
DROPPING = {"kind": "drop_before"}
HEALTHY = ("healthy", STRIPE, {})
STATES = [
    ("Stripe fails", STRIPE, FAILING),
    ("Stripe hangs", STRIPE, HANGING),
    ("Stripe slow, half", STRIPE, SLOW),
    ("Stripe drops", STRIPE, DROPPING),
    ("Stripe garbage", STRIPE, GARBAGE),
    ("Stripe refuses connections", STRIPE, REFUSED),
    ("all fail", ALL, FAILING),
    ("all hang", ALL, HANGING),
    ("all slow, half", ALL, SLOW),
    ("all garbage", ALL, GARBAGE),
    ("all stopped", ALL, STOPPED),
    ("after recovery", STRIPE, {}),
]
BUSY_BEFORE = ("Stripe hangs, busy before", STRIPE, HANGING)


def run(results, seconds):
    for product in ("orderd", "ordersim", "faultload"):
        build_release(product)
    with PrivateStack({**LIMITS, **POLICIES, "SEED_ORDERS": "0"}) as stack:
        gate = gate_before_stripe(stack)
        # Two rounds of the same: the worse one tells how noisy the machine is.
        rounds = [State(stack, gate, *HEALTHY[1:], seconds) for _ in range(2)]
        for number, state in enumerate(rounds, start=1):
            state.report(results, HEALTHY[0], None, round=number)
        healthy = max(percentile(state.lookups, 99) for state in rounds)
        for name, route, fault in STATES:
            State(stack, gate, route, fault, seconds).report(results, name, healthy)
        State(stack, gate, STRIPE, {}, HISTORY)
        name, route, fault = BUSY_BEFORE
        State(stack, gate, route, fault, seconds, is_new=False).report(results, name, healthy)


def gate_before_stripe(stack):
    """Has `serve`, from its next start on, reach Stripe through a port that can be closed."""
    path = os.path.join(stack.directory, "settings")
    with open(path, encoding="utf-8") as file:
        settings = file.read()
    server = stack.environment()["SIM_URL"].rsplit(":", 1)[1]
    gate = Gate(free_port(int(server) + 1), int(server))
    direct, through = (f"http://127.0.0.1:{port}/stripe" for port in (server, gate.port))
    if direct not in settings:
        raise SystemExit("bench: the stack's settings do not name the simulator as Stripe")
    with open(path, "w", encoding="utf-8") as file:
        file.write(settings.replace(direct, through))
    return gate
