#!/usr/bin/env python3
"""Consumes the order service's events: each takes effect once, though it may come more often.

The effect is a row in SQLite's table `journal`, and the orders' states in `orders`. Put your own
in their place, but in the same transaction as the event's id: that is all there is to «once».

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python consumer.py --redis unix:///run/redis.sock --database orders.sqlite

Several may run at once, each with a `--name` of its own. What one of them took and did not
finish, another one takes over after `--claim-after` seconds.
"""

import argparse
import json
import signal
import socket
import sqlite3
import sys
import time

import redis

STREAM = "orders.events"
SCHEMA_VERSION = 1

TABLES = """
    CREATE TABLE IF NOT EXISTS journal (event_id TEXT PRIMARY KEY, type TEXT NOT NULL,
        order_id INTEGER NOT NULL, order_version INTEGER NOT NULL,
        is_late INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS orders (order_id INTEGER PRIMARY KEY, version INTEGER NOT NULL,
        status TEXT NOT NULL, payment_status TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS dead_letters (stream_id TEXT PRIMARY KEY, reason TEXT NOT NULL,
        event TEXT NOT NULL);
"""


class Unusable(Exception):
    """An event that no repetition makes usable."""


class Records:
    """What events have led to, in SQLite. Processes may share the file."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, timeout=30, isolation_level=None)
        self.database.executescript(TABLES)

    def apply(self, event):
        """Lets an event take effect; answers whether it was new."""
        order = event["data"]["order"]
        with Transaction(self.database) as transaction:
            known = transaction.execute(
                "SELECT version FROM orders WHERE order_id = ?", (event["orderId"],)
            ).fetchone()
            # Events come in the order of their versions, but one that was taken over or replayed
            # comes late: what it tells did happen, but the order has moved on.
            is_late = known is not None and known[0] > event["orderVersion"]
            noted = transaction.execute(
                "INSERT OR IGNORE INTO journal VALUES (?, ?, ?, ?, ?)",
                (event["id"], event["type"], event["orderId"], event["orderVersion"], is_late),
            )
            if noted.rowcount == 0:
                return False
            if not is_late:
                transaction.execute(
                    "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)",
                    (event["orderId"], event["orderVersion"], order["status"],
                     order["paymentStatus"]),
                )
            return True

    def bury(self, stream_id, reason, text):
        """Keeps what cannot be used, for somebody to look at."""
        with Transaction(self.database) as transaction:
            transaction.execute(
                "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?)", (stream_id, reason, text)
            )


class Transaction:
    """Locks first, so that two processes cannot both find an event new."""

    def __init__(self, database):
        self.database = database

    def __enter__(self):
        self.database.execute("BEGIN IMMEDIATE")
        return self.database

    def __exit__(self, kind, *_):
        self.database.execute("ROLLBACK" if kind else "COMMIT")


def parse(text):
    """The event of an entry. Members and types that are not known are no fault."""
    try:
        event = json.loads(text)
        version = event["schemaVersion"]
    except (ValueError, TypeError, KeyError) as fault:
        raise Unusable(f"not an event: {fault!r}") from fault
    if version != SCHEMA_VERSION:
        raise Unusable(f"schemaVersion {version}")
    return event


class Consumer:
    def __init__(self, options):
        self.options = options
        self.redis = redis.Redis.from_url(options.redis, decode_responses=True)
        self.records = Records(options.database)
        self.is_stopping = False
        self.last_claim = float("-inf")

    def stop(self, *_):
        self.is_stopping = True

    def run(self):
        """Consumes until it is told to stop; what it has begun it finishes."""
        self.make_group()
        while not self.is_stopping:
            try:
                for stream_id, fields in self.abandoned() + self.fresh():
                    self.handle(stream_id, fields)
            except (redis.ConnectionError, redis.TimeoutError) as fault:
                print(f"Redis is away: {fault}", file=sys.stderr)
                time.sleep(1)
            except redis.ResponseError as fault:
                # The group is gone with the stream: Redis has lost its data.
                if not str(fault).startswith("NOGROUP"):
                    raise
                self.make_group()

    def make_group(self):
        try:
            self.redis.xgroup_create(STREAM, self.options.group, self.options.start, mkstream=True)
        except redis.ResponseError as fault:
            if not str(fault).startswith("BUSYGROUP"):
                raise

    def abandoned(self):
        """What was taken `--claim-after` seconds ago and not acknowledged, by whomever."""
        if time.monotonic() - self.last_claim < self.options.claim_after:
            return []
        self.last_claim = time.monotonic()
        entries, place = [], "0-0"
        while True:
            place, some, trimmed = self.redis.xautoclaim(
                STREAM, self.options.group, self.options.name,
                min_idle_time=int(self.options.claim_after * 1_000), start_id=place, count=100,
            )
            entries += some
            for stream_id in trimmed:
                print(f"{stream_id} left the stream unread: replay it", file=sys.stderr)
            if place == "0-0":
                return entries

    def fresh(self):
        """What nobody of the group has taken yet; waits for it a little."""
        wait = int(min(self.options.claim_after, 1) * 1_000)
        answer = self.redis.xreadgroup(
            self.options.group, self.options.name, {STREAM: ">"}, count=20, block=max(wait, 1)
        )
        return [entry for _, entries in answer or [] for entry in entries]

    def handle(self, stream_id, fields):
        """Applies an entry and acknowledges it, in this order: a death between repeats it."""
        text = fields.get("event", "")
        try:
            event = parse(text)
            if self.records.apply(event):
                print(event["id"], event["type"], event["orderId"], flush=True)
        except sqlite3.OperationalError:
            # It is not the event's fault that the database cannot be written to: this process
            # ends, and the entry waits.
            raise
        except Unusable as fault:
            self.records.bury(stream_id, str(fault), text)
        except Exception as fault:  # pylint: disable=broad-except
            # Perhaps it goes well the next time; until then it must not hold up the others.
            if self.deliveries(stream_id) < self.options.deliveries:
                print(f"{stream_id} is tried again: {fault!r}", file=sys.stderr)
                return
            self.records.bury(stream_id, repr(fault), text)
        self.redis.xack(STREAM, self.options.group, stream_id)

    def deliveries(self, stream_id):
        """How often an entry that is not acknowledged has been delivered."""
        pending = self.redis.xpending_range(
            STREAM, self.options.group, min=stream_id, max=stream_id, count=1
        )
        return pending[0]["times_delivered"] if pending else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0", metavar="URL",
                        help="redis://host:port/0, or unix:///path (default: %(default)s)")
    parser.add_argument("--database", required=True, metavar="FILE", help="SQLite's file")
    parser.add_argument("--group", default="example",
                        help="every group gets every event (default: %(default)s)")
    parser.add_argument("--name", default=socket.gethostname(),
                        help="who this is within its group (default: the host's name)")
    parser.add_argument("--start", default="0", metavar="ID",
                        help="where a new group begins: 0 with the oldest event that is kept, "
                        "$ with the next one (default: %(default)s)")
    parser.add_argument("--claim-after", type=float, default=60, metavar="SECONDS",
                        help="longer than an event ever takes (default: %(default)s)")
    parser.add_argument("--deliveries", type=int, default=5, metavar="COUNT",
                        help="an event that fails so often is set aside (default: %(default)s)")
    consumer = Consumer(parser.parse_args())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, consumer.stop)
    consumer.run()


if __name__ == "__main__":
    main()
