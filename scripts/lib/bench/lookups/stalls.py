"""Hits while one look-up in two hundred stalls for a second in MariaDB.

A proxy before MariaDB holds the statement that reads an order for a second; it serves a process of
orderd that is for this alone. The stalling look-ups come at a fixed rate beside the load of hits, so
that they occupy none of its connections: what is measured is what they do to the service, not to
wrk.
"""
import collections
import http.client
import os
import socket
import threading
import time
from statistics import median

from bench.lookups import wrk

CONNECTIONS = 64
SHARE = 0.005
STALL = 1.0
MOST_AT_ONCE = 400
# In the text of the statement that a look-up begins with.
STATEMENT = b"FROM orders o"
PREPARE, EXECUTE = 0x16, 0x17


class StallingProxy:
    """Passes everything on between a unix socket of its own and MariaDB's; `delay` in seconds."""

    def __init__(self, path, target):
        self._target = target
        self.delay = 0.0
        self.held = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            connection = _Connection(self)
            for source, drain, look in (
                (client, server, connection.asked),
                (server, client, connection.answered),
            ):
                threading.Thread(
                    target=self._pass, args=(source, drain, look), daemon=True
                ).start()

    @staticmethod
    def _pass(source, drain, look):
        try:
            while data := source.recv(65536):
                look(data)
                drain.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, drain):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class _Connection:
    """Knows the statement that stalls by the number that MariaDB gave it on this connection."""

    def __init__(self, proxy):
        self._proxy = proxy
        self._awaits_number = False
        self._numbers = set()

    # A packet is three bytes of length, one of sequence, and its content, which begins with a
    # command. Commands wait for each other's answers, so each begins a piece that is read.
    def asked(self, data):
        command = data[4] if len(data) > 4 and data[3] == 0 else None
        self._awaits_number = command == PREPARE and STATEMENT in data
        if command == EXECUTE and data[5:9] in self._numbers and self._proxy.delay:
            self._proxy.held += 1
            time.sleep(self._proxy.delay)

    def answered(self, data):
        if self._awaits_number and len(data) >= 9 and data[4] == 0:
            self._numbers.add(data[5:9])
            self._awaits_number = False


class Trickle:
    """Look-ups of orders that are in no cache, at a fixed rate, until it is ended."""

    def __init__(self, port, requests, rate):
        self._port, self._requests = port, requests
        self._pause = 1 / rate
        self.outcomes = collections.Counter()
        self._ended = threading.Event()
        self._slots = threading.Semaphore(MOST_AT_ONCE)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self):
        self._ended.set()
        self._thread.join()

    def _run(self):
        due = time.monotonic()
        askers = []
        while not self._ended.is_set() and self._requests:
            path, token = self._requests.pop()
            self._slots.acquire()
            asker = threading.Thread(target=self._ask, args=(path, token))
            asker.start()
            askers.append(asker)
            due += self._pause
            self._ended.wait(max(0, due - time.monotonic()))
        for asker in askers:
            asker.join()

    def _ask(self, path, token):
        try:
            client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = client.getresponse()
            answer.read()
            client.close()
            self.outcomes[answer.status] += 1
        except OSError:
            self.outcomes["lost"] += 1
        finally:
            self._slots.release()


def run(results, rounds, program, proxy, warm, cold, prepare):
    """Hits beside look-ups that miss, and beside such that stall, in turn.

    `program` has its MariaDB by `proxy`; `cold` are pairs of path and token of orders that are in
    no cache, and are used up.
    """
    loads = {False: [], True: []}
    outcomes = collections.Counter()
    rate = None
    for number in range(-1, rounds.count):
        for stalls in (False, True):
            prepare(program)
            proxy.delay = STALL if stalls else 0
            trickle = Trickle(program.port, cold, rate * SHARE) if rate else None
            load = wrk.run(program.port, [(warm, 1)], CONNECTIONS, max(2, rounds.seconds))
            proxy.delay = 0
            if trickle:
                trickle.end()
            if number >= 0:
                loads[stalls].append(load)
                if stalls:
                    outcomes += trickle.outcomes
            rate = rate or load.rate
    _report(results, loads, outcomes, proxy)


def _report(results, loads, outcomes, proxy):
    rates = {}
    for stalls, title in ((False, "hits beside misses"), (True, "hits beside stalls of 1 s")):
        seen = loads[stalls]
        rates[stalls] = median(load.rate for load in seen)
        results.add(
            "lookups",
            f"{title}: orderd, {CONNECTIONS}",
            CONNECTIONS,
            round=len(seen),
            errors=sum(load.errors for load in seen),
            requestsPerSecond=round(rates[stalls], 1),
            p50Ms=round(median(load.p50 for load in seen), 3),
            p99Ms=round(median(load.p99 for load in seen), 3),
            p999Ms=round(median(load.p999 for load in seen), 3),
        )
    told = ", ".join(f"{count} × {outcome}" for outcome, count in sorted(outcomes.items(), key=str))
    results.note(
        f"{proxy.held} statements were held for a second; look-ups that stalled, or waited for a"
        f" lane behind them, ended with {told}"
    )
    share = rates[True] / rates[False]
    results.target(f"hits keep {share:.2f} of their rate, at least 0.9", share >= 0.9)


def settings(stack, path):
    """Those of a process of orderd that listens at `path`.sock and has its MariaDB at `path`.db."""
    return dict(
        os.environ,
        **stack.settings()
        | {"LISTEN": f"unix:{path}.sock", "MARIADB_SOCKET": f"{path}.db"},
    )
