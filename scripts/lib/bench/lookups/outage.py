"""Redis is killed in the middle of a load, and started again: no error may come of it."""
import os
import re
import signal
import time
import urllib.request

from bench.lookups import wrk

CONNECTIONS = 64
# For the start of Redis, at most; wrk is ended before.
PATIENCE = 120
ROUTE = "/v1/orders/{id}/payment"


def run(results, stack, program, warm, seconds):
    """`seconds` each with Redis, without it and with it again."""
    base = stack.environment()["BASE_URL"]
    load = wrk.start(program.port, [(warm, 1)], CONNECTIONS, PATIENCE)
    try:
        rates = [_rate(base, seconds)]
        os.kill(stack.process("redis"), signal.SIGKILL)
        rates.append(_rate(base, seconds))
        stack.run("up")
        rates.append(_rate(base, seconds))
        # Which ends the load, and lets wrk tell what it saw.
        load.send_signal(signal.SIGINT)
        seen = wrk.finish(load)
    finally:
        load.kill()
        load.wait()
    results.add(
        "lookups",
        "Redis killed and started again: orderd, 64",
        CONNECTIONS,
        errors=seen.errors,
        requestsPerSecond=round(seen.rate, 1),
        p50Ms=seen.p50,
        p99Ms=seen.p99,
        p999Ms=seen.p999,
    )
    results.note("req/s with Redis {:.0f}, without {:.0f}, started again {:.0f}".format(*rates))
    results.target(f"{seen.errors} errors while Redis is killed, none", seen.errors == 0)


def _rate(base, seconds):
    """The look-ups a second that are answered from now on for so long."""
    start, before = time.monotonic(), _requests(base)
    time.sleep(seconds)
    after = _requests(base)
    return (after - before) / (time.monotonic() - start)


def _requests(base):
    """The look-ups that have been answered so far."""
    text = urllib.request.urlopen(f"{base}/metrics", timeout=10).read().decode()
    pattern = rf'^orderd_http_requests_total\{{[^}}]*route="{re.escape(ROUTE)}"[^}}]*\}} (\d+)'
    return sum(int(count) for count in re.findall(pattern, text, re.M))
