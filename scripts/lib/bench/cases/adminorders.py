"""Customer service's search of orders, over HTTP: each filter alone and each pair of filters.

ADMIN_ORDERS (5,000,000) orders are made in SQL: names and addresses of people who order more or less
often, five of them 25,000 times at 5,000,000; states by age; four years. Half of the pairs are of one
order, the others of two. ADMIN_POOL (8 GiB) is InnoDB's buffer pool, ADMIN_CONNECTIONS (2) how many
ask at once; ADMIN_SEED is another choice of what is asked for. The CPU time is that of `orderd serve`.
"""
import http.client
import json
import os
import random
import subprocess
import threading
import time
import urllib.parse
from itertools import combinations

from bench.made_orders import FILL, PEOPLE, words
from bench.results import percentile
from bench.settling import settle
from private_stack import PrivateStack, build_release

CONNECTIONS = int(os.environ.get("ADMIN_CONNECTIONS") or 2)
TARGET = 30
CHUNK = 250_000
SAMPLES = 400
FILTERS = (
    "number", "email", "phone", "name", "paymentIntent", "status", "paymentStatus", "dates",
)
SLOWEST = 5
# Nothing is erased of orders four years old.
SETTINGS = {
    "SEED_ORDERS": "0",
    "UNPAID_ORDER_RETENTION": "2375d",
    "ORDER_CONTACT_RETENTION": "2375d",
}


def run(results, seconds):
    count = int(os.environ.get("ADMIN_ORDERS") or 5_000_000)
    for product in ("orderd", "ordersim"):
        build_release(product)
    with PrivateStack(SETTINGS) as stack:
        fill(results, stack, count)
        bench = Search(stack, int(os.environ.get("ADMIN_SEED") or 1))
        each = max(1, seconds / 5)
        bench.measure([(name,) for name in FILTERS], each)
        slow = []
        for name in FILTERS:
            slow += report(results, bench, (name,), each)
        for pair in combinations(FILTERS, 2):
            slow += report(results, bench, pair, each)
        slow += report(results, bench, (), each)
        for milliseconds, query in sorted(slow, reverse=True)[:SLOWEST]:
            results.note(f"slow: {milliseconds:.1f} ms {query}")


def report(results, bench, filters, seconds):
    """One line; answers its slowest searches."""
    before = processor_seconds(bench.stack)
    seen, errors = bench.measure([filters], seconds)
    processor = processor_seconds(bench.stack) - before
    times = [milliseconds for milliseconds, _ in seen]
    name = " + ".join(filters) or "no filter"
    results.add_latencies(
        "adminorders",
        name,
        CONNECTIONS,
        times,
        seconds,
        errors=errors,
        cpuMicrosPerRequest=round(processor * 1e6 / len(times)) if times else None,
    )
    p99 = percentile(times, 99)
    if p99 is not None and (p99 >= TARGET or errors):
        results.target(f"p99 {p99:.1f} ms, below {TARGET}", False)
    return sorted(seen, reverse=True)[:SLOWEST]


class Search:
    """What is asked for: values of orders that there are."""

    def __init__(self, stack, seed):
        self.stack = stack
        self.seed = seed
        environment = stack.environment()
        self.address = environment["BASE_URL"].removeprefix("http://")
        self.token = environment["SUPPORT_TOKEN"]
        self.orders = sample(stack, random.Random(seed))

    def measure(self, filters, seconds):
        """Asks on all connections; answers milliseconds and query of each, and how many failed."""
        seen, errors = [], [0]
        end = time.monotonic() + seconds

        def ask(number):
            chance = random.Random(f"{self.seed} {filters} {number}")
            connection = http.client.HTTPConnection(self.address, timeout=30)
            headers = {"Authorization": f"Bearer {self.token}"}
            while time.monotonic() < end:
                query = self.query(chance, chance.choice(filters))
                start = time.perf_counter()
                connection.request("GET", f"/v1/admin/orders?{query}", headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                seen.append(((time.perf_counter() - start) * 1000, query))
                if answer.status != 200 or "items" not in json.loads(body):
                    errors[0] += 1

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return seen, errors[0]

    def query(self, chance, filters):
        order = chance.choice(self.orders)
        is_one = chance.random() < 0.5
        fields = {}
        for name in filters:
            one = order if is_one else chance.choice(self.orders)
            fields.update(value(chance, name, one, is_one))
        return urllib.parse.urlencode(fields)


def value(chance, name, order, is_one):
    """A filter's fields as somebody may type them."""
    if name == "name":
        given, family = order["name"].split(" ", 1)
        return {"name": chance.choice((
            order["name"], f"{family} {given}", family, given, f"{family[:3]} {given[:3]}",
            family[:3], family[:4], given[:3],
        ))}
    if name == "dates":
        day = order["created_at"][:10]
        month = day[:8]
        return chance.choice((
            {"from": day, "to": day}, {"from": f"{month}01", "to": day}, {"from": day}, {"to": day},
        ))
    # Rare states are asked for as often as others.
    if name in ("status", "paymentStatus") and not is_one:
        return {name: chance.choice(words(name))}
    return {name: order[name]}


def sample(stack, chance):
    """Orders from all over the table, a tenth of them of those who order most."""
    last = int(sql(stack, "SELECT MAX(id) FROM orders")[0][0])
    ids = {chance.randint(1, last) for _ in range(SAMPLES)}
    heavy = sql(stack, f"SELECT id FROM orders WHERE email LIKE 'comenzi%' LIMIT {SAMPLES // 10}")
    ids |= {int(row[0]) for row in heavy}
    columns = ("number", "email", "phone", "name", "paymentIntent", "status", "paymentStatus",
               "created_at")
    rows = sql(stack, f"""
        SELECT o.number, o.email, o.phone, o.contact_name, p.provider_intent_id, o.status,
            o.payment_status, o.created_at
        FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE o.id IN ({", ".join(map(str, sorted(ids)))})
    """)
    return [dict(zip(columns, row)) for row in rows]


def fill(results, stack, count):
    pool = int(os.environ.get("ADMIN_POOL") or 8 << 30)
    sql(stack, f"SET GLOBAL innodb_buffer_pool_size = {pool}; SET GLOBAL innodb_log_file_size = 1073741824")
    start = time.monotonic()
    # A crash would only lose what is made again.
    sql(stack, "SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    sql(stack, PEOPLE)
    for first in range(1, count + 1, CHUNK):
        last = min(first + CHUNK - 1, count)
        sql(stack, FILL.format(first=first, last=last, count=count))
    sql(stack, "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    sql(stack, "ANALYZE TABLE orders, order_name_words, order_name_pairs, payments")
    settle(lambda statements: sql(stack, statements))
    results.note(f"{count} orders made in {time.monotonic() - start:.0f} s")
    sizes = sql(stack, """
        SELECT table_name, data_length >> 20, index_length >> 20 FROM information_schema.tables
        WHERE table_schema = 'orders' AND table_name IN ('orders', 'order_name_words', 'order_name_pairs')
        ORDER BY table_name
    """)
    for table, data, index in sizes:
        results.note(f"{table}: {data} MiB, and {index} MiB of indexes")


def sql(stack, statements):
    """Runs statements as the account that may do all, and answers the rows."""
    command = [
        "mariadb", "--no-defaults", f"--socket={stack.environment()['MARIADB_SOCKET']}",
        "--batch", "--skip-column-names", "--default-character-set=utf8mb4", "orders",
    ]
    run = subprocess.run(command, input=statements, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in run.stdout.splitlines()]


def processor_seconds(stack):
    with open(f"/proc/{stack.process('orderd-serve')}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
