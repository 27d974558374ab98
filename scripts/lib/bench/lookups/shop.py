"""What is looked up: customers with sessions, their orders, and histories of 25,000 orders."""
import getpass
import hashlib
import http.client
import json
import os
import random
import re
import subprocess

from bench.lookups.redis_wire import RedisWire
from bench.settling import settle
from private_stack import PRODUCTS

CUSTOMERS = range(1001, 1201)
# Their orders are those of the hits; the others' those of the misses.
WARM_CUSTOMERS = 64
# How long the caches keep what they are given, in milliseconds.
SESSION_LIFE, HISTORY_LIFE = 60_000, 3_600_000
# How often it is tried to fill what is missing.
TRIES = 5
LONG_HISTORY = 25_000
LONG_HISTORIES = 64
LONG_PREFIX = "long-history-"


class Part:
    """What of an order is looked up, and the cache that has it."""

    def __init__(self, path, cache, life):
        self._path, self._cache, self.life = path, cache, life

    def path(self, order):
        return f"/v1/orders/{order}{self._path}"

    def key(self, order):
        return f"{self._cache}::{order}"


PAYMENT = Part("/payment", "payment-status", 300_000)
SUMMARY = Part("", "order-summaries", 900_000)


class Shop:
    """Rows and sessions of a stack. An order is a customer, an id and a version."""

    def __init__(self, stack):
        self._stack = stack
        environment = stack.environment()
        self._redis_path = environment["REDIS_SOCKET"]
        self._mariadb_path = environment["MARIADB_SOCKET"]
        self.staff_token = environment["SUPPORT_TOKEN"]
        self.tokens = {str(user): self._issue(str(user)) for user in CUSTOMERS}
        rows = self.query(
            "SELECT user_id, id, version FROM orders WHERE user_id IS NOT NULL"
            " AND visible_at IS NOT NULL ORDER BY id"
        )
        orders = [(user, int(order), int(version)) for user, order, version in rows]
        first = set(list(self.tokens)[:WARM_CUSTOMERS])
        self.warm = [row for row in orders if row[0] in first][::4][:2000]
        chosen = {order for _, order, _ in self.warm}
        self.cold = [row for row in orders if row[1] not in chosen and row[0] in self.tokens]
        # Not in the order in which they lie in the database.
        random.Random(1).shuffle(self.cold)
        self.users = sorted(first)

    def redis(self):
        return RedisWire(self._redis_path)

    def query(self, statement):
        """The rows of a statement of the database's owner, as texts."""
        command = ["mariadb", "--no-defaults", f"--socket={self._mariadb_path}"]
        command += [f"--user={getpass.getuser()}", "--batch", "--skip-column-names", "orders"]
        output = subprocess.run(
            command, input=statement, check=True, capture_output=True, text=True
        ).stdout
        return [line.split("\t") for line in output.splitlines()]

    def _issue(self, user):
        binary = os.environ.get("ORDERD_BINARY") or os.path.join(PRODUCTS, "orderd")
        command = [binary, "session", "issue", "--user", user, "--role", "customer", "--json"]
        output = subprocess.run(
            command, env=self._stack.settings(), check=True, capture_output=True, text=True
        ).stdout
        return json.loads(output)["token"]

    def add_long_histories(self):
        """Customers with 25,000 small orders each, and their tokens."""
        columns = """number, checkout_session_id, user_id, user_seq, email, contact_name, phone,
            billing, shipping, shipping_method, payment_method, status, payment_status, currency,
            items_minor, shipping_minor, total_minor, item_count, created_at, updated_at,
            visible_at"""
        users = [f"{LONG_PREFIX}{number:02}" for number in range(LONG_HISTORIES)]
        for number, user in enumerate(users):
            self.query(
                f"""INSERT INTO customers (user_id, orders_count) VALUES ('{user}', {LONG_HISTORY});
                INSERT INTO orders ({columns})
                SELECT CONCAT('L', {number:02}, '-', LPAD(seq, 10, '0')),
                    CONCAT('chk_long_{number:02}_', seq), '{user}', seq, '{user}@example.ro',
                    'Ana Pop', '+40722123456', '{{}}', '{{}}', 'courier', 'card', 'delivered',
                    'paid', 'RON', 1000 + seq, 1500, 2500 + seq, 1 + seq % 4,
                    '2025-01-01' + INTERVAL seq MINUTE, '2025-01-08' + INTERVAL seq MINUTE,
                    '2025-01-01' + INTERVAL seq MINUTE
                FROM seq_1_to_{LONG_HISTORY}"""
            )
        settle(self.query)
        long_tokens = {user: self._issue(user) for user in users}
        self.tokens.update(long_tokens)
        return users

    def session_key(self, user):
        return "session:" + hashlib.sha256(self.tokens[user].encode()).hexdigest()

    def keep(self, port, users, orders=(), pages=(), part=PAYMENT):
        """Fills what is missing of these sessions, orders and pages, and lets all begin their life.

        An entry's life is as long as a fresh one's, so that none ends while it is measured.
        """
        # What asks for each entry, with its user; a session comes into its cache by any request.
        entries = [
            (user, path, command)
            for user in users
            for path, *commands in self._of_user(user, pages)
            for command in commands
        ]
        entries += [
            (user, part.path(order), ("PEXPIRE", part.key(order), part.life))
            for user, order, _ in orders
        ]
        with self.redis() as redis:
            # A busy machine may refuse to store at the first time.
            for _ in range(TRIES):
                found = redis.send_all([command for _, _, command in entries])
                missing = {entry[:2] for entry, is_there in zip(entries, found) if not is_there}
                if not missing:
                    return
                self._ask(port, sorted(missing))
        raise SystemExit("bench: the caches do not keep what they are given")

    def _of_user(self, user, pages):
        yield "/v1/orders?size=1", ("PEXPIRE", self.session_key(user), SESSION_LIFE)
        for path in pages:
            page, size = re.fullmatch(r".*\?page=(\d+)&size=(\d+)", path).groups()
            key = f"order-history::{user}"
            yield path, ("HEXISTS", key, f"{page}:{size}"), ("PEXPIRE", key, HISTORY_LIFE)

    def _ask(self, port, requests):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for user, path in requests:
            client.request("GET", path, headers={"Authorization": f"Bearer {self.tokens[user]}"})
            answer = client.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"bench: {path} of {user} answers {answer.status}")
        client.close()

    def drop(self, keys):
        """Takes entries out of the caches."""
        with self.redis() as redis:
            redis.send_all([("UNLINK", key) for key in keys])
