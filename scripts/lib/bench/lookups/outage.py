"""Redis is killed in the middle of a load, and started again: no error may come of it."""
import os
import re
import signal
import time
import urllib.request

from bench.lookups import wrk

CONNECTIONS = 64
ROUTE = "/v1/orders/{id}/payment"


def run(results, stack, shop, program, warm, seconds):
    """`seconds` each with Redis, without it and with it again."""
    base = stack.environment()["BASE_URL"]
    load = wrk.start(program.port, [(warm, 1)], CONNECTIONS, 3 * seconds)
    try:
        marks = [_requests(base)]
        time.sleep(seconds)
        os.kill(stack.process("redis"), signal.SIGKILL)
        marks.append(_requests(base))
        time.sleep(seconds)
        stack.run("up")
        marks.append(_requests(base))
        seen = wrk.finish(load)
        marks.append(_requests(base))
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
    rates = [
        (after[1] - before[1]) / (after[0] - before[0]) for before, after in zip(marks, marks[1:])
    ]
    results.note("req/s with Redis {:.0f}, without {:.0f}, started again {:.0f}".format(*rates))
    results.target(f"{seen.errors} errors while Redis is killed, none", seen.errors == 0)


def _requests(base):
    """The time, and the look-ups that have been answered so far."""
    text = urllib.request.urlopen(f"{base}/metrics", timeout=10).read().decode()
    pattern = rf'^orderd_http_requests_total\{{[^}}]*route="{re.escape(ROUTE)}"[^}}]*\}} (\d+)'
    return time.monotonic(), sum(int(count) for count in re.findall(pattern, text, re.M))
