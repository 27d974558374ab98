"""Pages of histories with 25,000 orders, from the caches and from MariaDB."""
import re
import threading
import time
import urllib.request
from contextlib import contextmanager
from statistics import median

from bench.lookups import wrk
from bench.lookups.shop import LONG_HISTORY

CONNECTIONS = 64
PAGES = {"page 0": "/v1/orders?page=0&size=20", "page 1,000": "/v1/orders?page=1000&size=20"}
CACHED_LIMIT, COLD_LIMIT = 10, 40
DROP_PAUSE = 0.002


def run(results, rounds, stack, shop, program, directory):
    users = shop.add_long_histories()
    for name, path in PAGES.items():
        requests = [(path, shop.tokens[user]) for user in users]
        requests = wrk.RequestList(directory, f"long-{name.split()[1]}", requests)
        cached, cold, misses = [], [], []
        for number in range(-1, rounds.count):
            shop.keep(program.port, users, pages=[path])
            load = wrk.run(program.port, [(requests, 1)], CONNECTIONS, rounds.seconds)
            before = _misses(stack)
            with _dropping(shop, users):
                late = wrk.run(program.port, [(requests, 1)], CONNECTIONS, rounds.seconds)
            if number >= 0:
                cached.append(load)
                cold.append(late)
                misses.append((_misses(stack) - before) / max(1, late.requests))
        _report(results, f"cached {name}", cached, CACHED_LIMIT)
        _report(results, f"cold {name}", cold, COLD_LIMIT)
        results.note(f"of these requests {100 * median(misses):.0f} % read or waited for MariaDB")


def _report(results, title, loads, limit):
    p99 = median(load.p99 for load in loads)
    results.add(
        "lookups",
        f"history of {LONG_HISTORY:,}, {title}: orderd, {CONNECTIONS}",
        CONNECTIONS,
        round=len(loads),
        errors=sum(load.errors for load in loads),
        requestsPerSecond=round(median(load.rate for load in loads), 1),
        p50Ms=round(median(load.p50 for load in loads), 3),
        p99Ms=round(p99, 3),
        p999Ms=round(median(load.p999 for load in loads), 3),
    )
    worst = max(load.p99 for load in loads)
    results.target(
        f"history, {title}: p99 {p99:.1f} ms (worst round {worst:.1f}), below {limit}", p99 < limit
    )


@contextmanager
def _dropping(shop, users):
    """Drops all pages of these users again and again, so that most requests find none."""
    ended = threading.Event()
    keys = [f"order-history::{user}" for user in users]

    def drop():
        with shop.redis() as redis:
            while not ended.is_set():
                redis.send("UNLINK", *keys)
                time.sleep(DROP_PAUSE)

    thread = threading.Thread(target=drop)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _misses(stack):
    """Pages so far that were not in the cache at once."""
    base = stack.environment()["BASE_URL"]
    text = urllib.request.urlopen(f"{base}/metrics", timeout=10).read().decode()
    hits = r'^orderd_cache_reads_total\{cache="order-history",outcome="hit"\} (\d+)'
    requests = r'^orderd_http_requests_total\{[^}]*route="/v1/orders"[^}]*\} (\d+)'
    asked, found = (
        sum(int(count) for count in re.findall(pattern, text, re.M)) for pattern in (requests, hits)
    )
    return asked - found
