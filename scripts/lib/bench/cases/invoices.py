"""The look-up of invoices over HTTP: each filter alone and each pair of filters; one by its id, cached.

INVOICES (1,000,000) documents are made in SQL, of as many orders: of companies and consumers who buy
more or less often; states by age; four years. Half of the pairs are of one invoice, the others of two.
INVOICE_POOL (4 GiB) is InnoDB's buffer pool, INVOICE_CONNECTIONS (2) how many search at once;
INVOICE_SEED is another choice of what is asked for. A cached look-up is asked for at 16 connections: for
what the staff look at there is a record of each look, which is a commit. The CPU time is that of `orderd
serve`.
"""
import http.client
import json
import os
import random
import threading
import time
import urllib.parse
from itertools import combinations

from bench import made_invoices, made_orders
from bench.cases.adminorders import CHUNK, SAMPLES, SETTINGS, SLOWEST, TARGET, processor_seconds, sql
from bench.lookups import packages, wrk
from bench.lookups.wrk import RequestList
from bench.results import percentile
from bench.settling import settle
from private_stack import PrivateStack, build_release

CONNECTIONS = int(os.environ.get("INVOICE_CONNECTIONS") or 2)
FILTERS = ("number", "orderNumber", "orderId", "cui", "buyer", "dates", "state")
CACHED_CONNECTIONS = 16
CACHED_TARGET = 5
CACHED = 200


def run(results, seconds):
    count = int(os.environ.get("INVOICES") or 1_000_000)
    packages.install()
    for product in ("orderd", "ordersim"):
        build_release(product)
    # The documents are made here alone.
    with PrivateStack(SETTINGS) as stack:
        fill(results, stack, count)
        bench = Search(stack, int(os.environ.get("INVOICE_SEED") or 1))
        each = max(1, seconds / 5)
        bench.search([(name,) for name in FILTERS], each)
        slow = []
        for filters in [(name,) for name in FILTERS] + list(combinations(FILTERS, 2)) + [()]:
            slow += report(results, bench, filters, each)
        for milliseconds, query in sorted(slow, reverse=True)[:SLOWEST]:
            results.note(f"slow: {milliseconds:.1f} ms {query}")
        for part, what in (("", "one by its id, cached"), ("/ubl", "its UBL"), ("/print", "its page")):
            report_one(results, bench, part, what, max(1, seconds / 2))


def report(results, bench, filters, seconds):
    """One line; answers its slowest searches."""
    before = processor_seconds(bench.stack)
    seen, errors = bench.search([filters], seconds)
    processor = processor_seconds(bench.stack) - before
    times = [milliseconds for milliseconds, _ in seen]
    results.add_latencies(
        "invoices",
        " + ".join(filters) or "no filter",
        CONNECTIONS,
        times,
        seconds,
        errors=errors,
        cpuMicrosPerRequest=round(processor * 1e6 / len(times)) if times else None,
    )
    judge(results, percentile(times, 99), errors, TARGET)
    return sorted(seen, reverse=True)[:SLOWEST]


def report_one(results, bench, part, what, seconds):
    """Look-ups of documents that are asked for again and again, by wrk: it costs less than they do."""
    requests = RequestList(
        bench.stack.directory,
        f"one{part.replace('/', '-')}",
        [(f"/v1/admin/invoices/{one['id']}{part}", bench.token) for one in bench.invoices[:CACHED]],
    )
    port = bench.address.rsplit(":", 1)[1]
    wrk.run(port, [(requests, 1)], 1, 1)
    before = processor_seconds(bench.stack)
    load = wrk.run(port, [(requests, 1)], CACHED_CONNECTIONS, round(seconds))
    processor = processor_seconds(bench.stack) - before
    results.add(
        "invoices",
        what,
        CACHED_CONNECTIONS,
        errors=load.errors,
        requestsPerSecond=round(load.rate, 1),
        p50Ms=round(load.p50, 3),
        p99Ms=round(load.p99, 3),
        p999Ms=round(load.p999, 3),
        cpuMicrosPerRequest=round(processor * 1e6 / max(1, load.requests)),
    )
    judge(results, load.p99, load.errors, CACHED_TARGET if part == "" else TARGET)


def judge(results, p99, errors, target):
    """Tells of a p99 that is not good enough, or of errors."""
    if p99 is not None and (p99 >= target or errors):
        results.target(f"p99 {p99:.1f} ms, below {target}", False)


class Search:
    """What is asked for: values of invoices that there are."""

    def __init__(self, stack, seed):
        self.stack = stack
        self.seed = seed
        environment = stack.environment()
        self.address = environment["BASE_URL"].removeprefix("http://")
        self.token = environment["SUPPORT_TOKEN"]
        self.invoices = sample(stack, random.Random(seed))

    def search(self, choices, seconds):
        """Searches on all connections; answers milliseconds and query of each, and how many failed."""
        seen, errors = [], [0]
        end = time.monotonic() + seconds

        def ask(number):
            chance = random.Random(f"{self.seed} {choices} {number}")
            connection = http.client.HTTPConnection(self.address, timeout=30)
            headers = {"Authorization": f"Bearer {self.token}"}
            while time.monotonic() < end:
                target = f"/v1/admin/invoices?{self.query(chance, chance.choice(choices))}"
                start = time.perf_counter()
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                seen.append(((time.perf_counter() - start) * 1000, target))
                if answer.status != 200 or "items" not in json.loads(body):
                    errors[0] += 1

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return seen, errors[0]

    def query(self, chance, filters):
        invoice = chance.choice(self.invoices)
        is_one = chance.random() < 0.5
        fields = {}
        for name in filters:
            one = invoice if is_one else chance.choice(self.invoices)
            fields.update(self.value(chance, name, one, is_one))
        return urllib.parse.urlencode(fields)

    def value(self, chance, name, invoice, is_one):
        """A filter's fields as somebody may type them."""
        if name == "buyer":
            words = invoice["buyer"].replace("-", " ").replace(".", "").split()
            return {"buyer": chance.choice((
                invoice["buyer"], words[0], words[-1], words[0][:3], words[0][:4], words[-1][:3],
                f"{words[-1]} {words[0][:3]}",
            ))}
        if name == "dates":
            day = invoice["day"]
            month = day[:8]
            return chance.choice((
                {"from": day, "to": day}, {"from": f"{month}01", "to": day}, {"from": day}, {"to": day},
            ))
        # Rare states are asked for as often as others.
        if name == "state" and not is_one:
            return {name: chance.choice(made_invoices.STATES)}
        # Not all have these.
        if invoice[name] == "NULL":
            return {name: next(one[name] for one in self.invoices if one[name] != "NULL")}
        return {name: invoice[name]}


def sample(stack, chance):
    """Invoices from all over the table, a tenth of them of those who buy most."""
    last = int(sql(stack, "SELECT MAX(id) FROM invoices")[0][0])
    ids = {chance.randint(1, last) for _ in range(SAMPLES)}
    heavy = sql(stack, f"SELECT id FROM invoices WHERE id % 150 = 0 LIMIT {SAMPLES // 10}")
    ids |= {int(row[0]) for row in heavy}
    columns = ("id", "number", "orderNumber", "orderId", "cui", "buyer", "day", "state")
    rows = sql(stack, f"""
        SELECT public_id, number, order_number, order_id, buyer_cui, buyer_name, dated_on, state
        FROM invoices WHERE id IN ({", ".join(map(str, sorted(ids)))})
    """)
    return [dict(zip(columns, row)) for row in rows]


def fill(results, stack, count):
    pool = int(os.environ.get("INVOICE_POOL") or 4 << 30)
    sql(stack, f"SET GLOBAL innodb_buffer_pool_size = {pool}; SET GLOBAL innodb_log_file_size = 1073741824")
    start = time.monotonic()
    # A crash would only lose what is made again.
    sql(stack, "SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    sql(stack, made_orders.PEOPLE + made_invoices.COMPANIES)
    for first in range(1, count + 1, CHUNK):
        last = min(first + CHUNK - 1, count)
        for statements in (made_orders.FILL, made_invoices.FILL):
            sql(stack, statements.replace("{first}", str(first)).replace("{last}", str(last))
                .replace("{count}", str(count)))
    sql(stack, "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    sql(stack, "ANALYZE TABLE invoices, invoice_name_words, invoice_name_pairs, orders")
    settle(lambda statements: sql(stack, statements))
    results.note(f"{count} invoices made in {time.monotonic() - start:.0f} s")
    sizes = sql(stack, """
        SELECT table_name, data_length >> 20, index_length >> 20 FROM information_schema.tables
        WHERE table_schema = 'orders' AND table_name IN ('invoices', 'invoice_name_words', 'invoice_name_pairs')
        ORDER BY table_name
    """)
    for table, data, index in sizes:
        results.note(f"{table}: {data} MiB, and {index} MiB of indexes")
