"""Look-ups of orderd beside those of PHP-FPM, of Go, and of a bare C program as the limit.

All stand behind one nginx, with one Redis, one MariaDB and the same data, check the session token
and the order's owner, and answer the same bytes, which is verified first. SECONDS_EACH of a program
in a case are spread over five rounds, in which the programs take turns; the table has medians,
lookups.json beside it each round. The CPU time is that of the program alone, all processes of it.
"""
import os

from bench.lookups import equality, long_history, outage, packages, peers, stalls
from bench.lookups.gateway import Gateway
from bench.lookups.processes import Program, raise_file_limit
from bench.lookups.rounds import CONNECTIONS, Rounds
from bench.lookups.shop import PAYMENT, SUMMARY, Shop
from bench.lookups.wrk import RequestList
from private_stack import PRODUCTS, PrivateStack, build_release, kilobytes, status

ORDERS = "120000"
# Nobody's data grow old: each order that is reduced drops its customer's pages.
RETENTION = {
    name: "3650d"
    for name in ("UNPAID_ORDER_RETENTION", "ORDER_CONTACT_RETENTION", "ACCOUNTING_RETENTION")
}
HISTORY = "/v1/orders?page=0&size=20"
BULK = 200
MEMORY = 80
# At 256 connections, in every round.
STATUS_LIMIT, HISTORY_LIMIT = 20, 100


def run(results, seconds):
    packages.install()
    for product in ("orderd", "ordersim"):
        if not os.environ.get(f"{product.upper()}_BINARY"):
            build_release(product)
    raise_file_limit()
    with PrivateStack({"SEED_ORDERS": ORDERS, **RETENTION}) as stack:
        Lookups(results, seconds, stack).run()


class Lookups:
    def __init__(self, results, seconds, stack):
        self.results, self.stack = results, stack
        self.rounds = Rounds(results, seconds)
        # How long the mishaps take, which need some seconds to be seen.
        self.seconds = max(2, round(seconds / 3))
        self.shop = Shop(stack)
        self.directory = stack.directory
        tokens = self.shop.tokens
        warm, cold = self.shop.warm, self.shop.cold
        self.hits = self._list(
            "hits", [(PAYMENT.path(order), tokens[user]) for user, order, _ in warm]
        )
        self.known = self._list(
            "known",
            [
                (PAYMENT.path(order), tokens[user], f'"{order}-{version}"')
                for user, order, version in warm
            ],
        )
        self.misses = self._list(
            "misses", [(PAYMENT.path(order), tokens[user]) for user, order, _ in cold]
        )
        self.pages = self._list("pages", [(HISTORY, tokens[user]) for user in self.shop.users])

    def _list(self, name, requests):
        return RequestList(self.directory, name, requests)

    def run(self):
        with peers.Peers(self.stack) as programs:
            ours = programs[peers.OURS]
            proxied = os.path.join(self.directory, "proxied")
            database = self.stack.environment()["MARIADB_SOCKET"]
            proxy = stalls.StallingProxy(f"{proxied}.db", database)
            binary = os.environ.get("ORDERD_BINARY") or os.path.join(PRODUCTS, "orderd")
            beside = Program(
                [binary, "serve"],
                stalls.settings(self.stack, proxied),
                f"{proxied}.sock",
                f"{proxied}.log",
            )
            with beside:
                stalling = peers.Peer(peers.OURS, f"{proxied}.sock", beside.pid)
                with Gateway(self.stack, [*programs.values(), stalling]) as self._gateway:
                    count = equality.check(self.shop, programs)
                    print(f"{count} answers of the others are orderd's, byte for byte", flush=True)
                    self._compare(programs)
                    self._bulk(ours)
                    long_history.run(
                        self.results, self.rounds, self.stack, self.shop, ours, self.directory
                    )
                    self._stalls(stalling, proxy)
                    self._keep(ours)
                    outage.run(self.results, self.stack, ours, self.hits, self.seconds)
            proxy.close()
            self._memory(ours)

    # What is done before a run, unmeasured.

    def _keep(self, program):
        """All hits are hits."""
        self._gateway.empty_log()
        self.shop.keep(self._port, self.shop.users, self.shop.warm, [HISTORY])

    def _drop(self, program):
        """No miss is a hit, but for the sessions."""
        self._gateway.empty_log()
        self.shop.drop([PAYMENT.key(order) for _, order, _ in self.shop.cold])
        self.shop.keep(self._port, list(self.shop.tokens), self.shop.warm)

    def _compare(self, programs):
        self._port = programs[peers.OURS].port
        filling = {name: programs[name] for name in peers.FILLING}
        hits, known, misses = (self.hits, 1), (self.known, 1), (self.misses, 1)
        mixed = [(self.hits, 45), (self.known, 4), (self.misses, 1)]
        worst = {}
        for connections in CONNECTIONS:
            compare = self.rounds.compare
            cached = compare("cached status", programs, [hits], connections, self._keep)
            self._targets(cached, connections)
            compare("304", programs, [known], connections, self._keep)
            pages = compare("cached history", programs, [(self.pages, 1)], connections, self._keep)
            compare("mixed 90/8/2", filling, mixed, connections, self._drop)
            cold = compare("cold status", filling, [misses], connections, self._drop)
            self._cold_targets(cold, connections)
            worst = {
                "cached status": (cached[peers.OURS].worst_p99, STATUS_LIMIT),
                "cold status": (cold[peers.OURS].worst_p99, STATUS_LIMIT),
                "cached history": (pages[peers.OURS].worst_p99, HISTORY_LIMIT),
            }
        for title, (p99, limit) in worst.items():
            self.results.target(
                f"{title}, {CONNECTIONS[-1]} connections: p99 {p99:.1f} ms in the worst round,"
                f" below {limit}",
                p99 < limit,
            )

    def _targets(self, seen, connections):
        ours = seen[peers.OURS]
        at = f"cached status, {connections} connections"
        for name, least in ((peers.GO, 1.1), (peers.PHP, 1.4), (peers.C, 0.9)):
            ratio = ours.rate / seen[name].rate
            self.results.target(
                f"{at}: {ratio:.2f} x the req/s of {name}, at least {least}", ratio >= least
            )
        for name, most in ((peers.PHP, 0.6), (peers.GO, 0.8), (peers.C, 1.25)):
            ratio = ours.processor / seen[name].processor
            self.results.target(
                f"{at}: {ratio:.2f} x the CPU of {name}, at most {most}", ratio <= most
            )
        theirs = seen[peers.GO].p99
        self.results.target(
            f"{at}: p99 {ours.p99:.1f} ms, below Go's {theirs:.1f}", ours.p99 < theirs
        )

    def _cold_targets(self, seen, connections):
        ratio = seen[peers.OURS].rate / seen[peers.GO].rate
        self.results.target(
            f"cold status, {connections} connections: {ratio:.2f} x the req/s of Go, at least 1.1",
            ratio >= 1.1,
        )
        share = min(summary.first_share for summary in seen.values())
        if share < 1:
            self.results.note(f"there were not enough orders: {100 * share:.1f} % were cold")

    def _bulk(self, ours):
        """The states of 200 orders by one request, and by 200 one after the other."""
        shop, programs = self.shop, {peers.OURS: ours}
        for title, orders, least in (("warm", shop.warm, 40), ("cold", shop.cold, 15)):
            keys = [SUMMARY.key(order) for _, order, _ in orders]
            users = sorted({user for user, _, _ in orders})

            def prepare(_, title=title, orders=orders, keys=keys, users=users):
                if title == "cold":
                    shop.drop(keys)
                    shop.keep(ours.port, users)
                else:
                    shop.keep(ours.port, users, orders, part=SUMMARY)

            singles = [(SUMMARY.path(order), shop.tokens[user]) for user, order, _ in orders]
            ids = [str(order) for _, order, _ in orders]
            bulks = [
                ("/v1/orders/bulk/status", shop.staff_token, "", f'{{"ids":[{",".join(group)}]}}')
                for group in zip(*[iter(ids)] * BULK)
            ]
            def measure(name, requests, title=title, prepare=prepare, seconds=None):
                lists = [(self._list(f"{title}-{name[:4]}", requests), 1)]
                compare = self.rounds.compare
                return compare(f"{name}, {title}", programs, lists, 1, prepare, seconds)

            each = measure("single summaries", singles)[peers.OURS]
            # Each asks for 200 orders: in two seconds all of them would have been asked for.
            all_at_once = measure(f"bulk of {BULK}", bulks, seconds=1)[peers.OURS]
            if title == "cold" and all_at_once.first_share < 1:
                share = 100 * all_at_once.first_share
                self.results.note(f"there were not enough orders: {share:.1f} % were cold")
            one, many = 1000 / all_at_once.rate, BULK * 1000 / each.rate
            self.results.target(
                f"bulk of {BULK}, {title}: {one:.2f} ms, {many / one:.0f} x less than {many:.0f} ms"
                f" of single ones, at least {least} x",
                many / one >= least,
            )

    def _stalls(self, program, proxy):
        self._drop(program)
        cold = [(PAYMENT.path(order), self.shop.tokens[user]) for user, order, _ in self.shop.cold]
        stalls.run(self.results, self.rounds, program, proxy, self.hits, cold, self._keep)

    def _memory(self, ours):
        megabytes = kilobytes(status(ours.pid), "VmRSS") / 1024
        self.results.target(
            f"orderd serve occupies {megabytes:.0f} MB at the end, below {MEMORY}",
            megabytes < MEMORY,
        )
