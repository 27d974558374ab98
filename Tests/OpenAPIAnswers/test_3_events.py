"""The events of orders: every type, by its schema, without secrets, and consumed exactly once."""

import copy
import json
import re
import sqlite3
import subprocess
import sys
import time
import uuid

import pytest

import shop
from events import ROOT, STREAM, TYPES, orderd

CASH = {"paymentMethod": "cash_on_delivery"}


def types(events):
    return [event["type"] for event in events]


def paid_order(api, simulator):
    order, guest, payment = shop.order(api)
    assert simulator.confirm(payment["clientSecret"]).ok
    shop.wait_for(api, order, guest, "paid")
    return order, guest


# Every type, in the order in which it happens

def test_paid_by_card(api, simulator, events):
    order, _ = paid_order(api, simulator)
    told = events.wait_for(order, "order.placed", "payment.succeeded", "order.confirmed")
    assert types(told) == ["order.placed", "payment.succeeded", "order.confirmed"]
    total = told[0]["data"]["order"]["total"]
    assert told[1]["data"]["payment"]["amount"] == total and total["amount"] > 0
    assert told[0]["data"]["order"]["status"] == "awaiting_payment"
    assert told[2]["data"]["order"]["status"] == "confirmed"
    # One change, and so one version.
    assert told[0]["orderVersion"] < told[1]["orderVersion"] == told[2]["orderVersion"]


def test_declined(api, simulator, events):
    order, guest, payment = shop.order(api)
    for card in ("pm_card_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedStolenCard"):
        simulator.confirm(payment["clientSecret"], card)
        for _ in range(2):
            api("POST", f"/v1/orders/{order}/payments/refresh", 200, token=guest)
    told = events.wait_for(order, "order.placed", "payment.failed", "payment.failed")
    codes = [event["data"]["payment"]["declineCode"] for event in told[1:]]
    # That a card is reported stolen is not for everybody who reads events.
    assert codes == ["insufficient_funds", "generic_decline"]


def test_degraded_start(api, simulator, events, key):
    path, token = shop.ready(api)
    simulator.fault("POST /stripe/v1/payment_intents", kind="drop_before")
    done = shop.complete(api, path, token)
    assert done["payment"]["degraded"]
    simulator.end_faults()
    # The breaker may still be open from the test before.
    limit = time.monotonic() + 60
    while True:
        answer = api("POST", done["payment"]["next"]["href"], 200, token=done["guestToken"], key=key)
        if not answer.json()["degraded"]:
            break
        assert time.monotonic() < limit, answer.text
        key = str(uuid.uuid4())
        time.sleep(0.2)
    events.wait_for(done["order"]["id"], "order.placed", "payment.ready")


def test_cash_on_delivery(api, tokens, events):
    order, _, _ = shop.order(api, CASH)
    shop.wait_for_event(api, order, tokens["admin"], "reservation.committed")
    path = f"/v1/admin/orders/{order}/fulfilment"
    for event in ("start", "ship", "deliver"):
        api("POST", path, 200, token=tokens["service"], body={"event": event})
    expected = [
        "order.placed", "order.confirmed", "order.shipped", "order.delivered", "payment.succeeded",
    ]
    told = events.wait_for(order, *expected)
    assert types(told) == expected
    versions = [event["orderVersion"] for event in told]
    assert versions == sorted(versions)


def test_cancelled(api, events, key):
    order, guest, _ = shop.order(api)
    api("POST", f"/v1/orders/{order}/cancel", 200, token=guest, key=key)
    told = events.wait_for(order, "order.placed", "order.cancelled")
    assert told[1]["data"]["order"]["status"] == "cancelled"


def test_expired(api, record, events):
    order, _, _ = shop.order(api)
    record.sql(f"UPDATE orders SET expires_at = UTC_TIMESTAMP(6) WHERE id = {order}")
    told = events.wait_for(order, "order.placed", "order.expired")
    assert told[1]["data"]["order"]["status"] == "expired"


def test_refunds(api, simulator, tokens, events, key):
    order, _ = paid_order(api, simulator)
    path, finance = f"/v1/admin/orders/{order}/refunds", tokens["finance"]
    one = {"amount": 100, "reason": "damaged, said Ana"}
    done = api("POST", path, 201, token=finance, key=key, body=one).json()
    simulator.fault("POST /stripe/v1/refunds", kind="status", status=400, times=1)
    refused = api("POST", path, 201, token=finance, key=key + "-2", body=one).json()
    found = {"outcome": "failed", "evidence": "the bank's statement"}
    api("POST", f"/v1/admin/refunds/{refused['id']}/resolve", 200, token=finance, body=found)
    told = events.wait_for(
        order, "order.placed", "payment.succeeded", "order.confirmed", "refund.succeeded",
        "refund.failed",
    )
    assert [event["data"]["refund"]["id"] for event in told[3:]] == [done["id"], refused["id"]]
    assert told[3]["data"]["refund"]["amount"] == {"amount": 100, "currency": "RON"}


def test_invoices(api, simulator, tokens, events, key):
    order, _ = paid_order(api, simulator)
    sold = ["order.placed", "payment.succeeded", "order.confirmed", "invoice.issued"]
    invoice = events.wait_for(order, *sold)[3]["data"]["invoice"]
    assert invoice["kind"] == "invoice"
    path, part = f"/v1/admin/orders/{order}/refunds", {"amount": 100, "reason": "damaged"}
    api("POST", path, 201, token=tokens["finance"], key=key, body=part)
    told = events.wait_for(order, *sold, "refund.succeeded", "invoice.issued")
    note = told[5]["data"]["invoice"]
    assert note["kind"] == "credit_note" and note["number"] != invoice["number"]
    assert note["gross"] == {"amount": 100, "currency": "RON"}
    assert told[4]["orderVersion"] < told[5]["orderVersion"]


def test_rejected_invoice(api, simulator, events):
    # A rate that is no more.
    old = {"sku": "VECHI-19", "name": "Rest de stoc", "price": 1190, "vatRate": 19, "stock": 9}
    assert simulator("PUT", "/products", body={"products": [old]}).ok
    done = shop.complete(api, *shop.ready(api, [{"sku": old["sku"], "quantity": 1}]))
    order = done["order"]["id"]
    assert simulator.confirm(done["payment"]["clientSecret"]).ok
    shop.wait_for(api, order, done["guestToken"], "paid")
    told = events.wait_for(
        order, "order.placed", "payment.succeeded", "order.confirmed", "invoice.rejected"
    )
    assert told[3]["data"]["invoice"]["rules"] != []


def test_rejected_invoice_is_corrected(api, simulator, record, tokens, events):
    order, guest, payment = shop.order(api)
    # As no checkout lets it in.
    record.sql(
        "UPDATE orders SET billing = JSON_SET(billing, '$.address.county', NULL) "
        f"WHERE id = {order}"
    )
    assert simulator.confirm(payment["clientSecret"]).ok
    shop.wait_for(api, order, guest, "paid")
    sold = ["order.placed", "payment.succeeded", "order.confirmed", "invoice.rejected"]
    invoice = events.wait_for(order, *sold)[3]["data"]["invoice"]
    path, finance = f"/v1/admin/invoices/{invoice['id']}/issue", tokens["finance"]
    good = {"buyer": {"name": "Ana Pop", "address": shop.ADDRESS}, "reason": "no county"}
    again = api("POST", path, 422, token=finance, body={"reason": "another try"}).json()
    assert {rule["rule"] for rule in again["brokenRules"]} == set(invoice["rules"])
    api.code("invalid_request", "POST", path, 400, token=finance, data=b"{")
    api.code("forbidden_role", "POST", path, 403, token=tokens["support"], body=good)
    unknown = "/v1/admin/invoices/inv_nothing/issue"
    api.code("not_found", "POST", unknown, 404, token=finance, body=good)
    old = f'"{invoice["id"]}-9"'
    api.code("version_conflict", "POST", path, 412, token=finance, body=good, If_Match=old)
    done = api("POST", path, 200, token=finance, body=good).json()
    assert done["state"] == "queued" and done["number"].startswith("MEX")
    api.code("illegal_transition", "POST", path, 409, token=finance, body=good)
    told = events.wait_for(order, *sold, "invoice.issued")
    assert told[4]["data"]["invoice"]["number"] == done["number"]


# All of them

def test_every_type_has_its_schema_and_obeys_it(events):
    told = events.all()
    assert {event["type"] for event in told} == TYPES
    faults = {(event["type"], fault) for event in told for fault in events.faults(event)}
    assert faults == set()


@pytest.mark.parametrize("name", sorted(TYPES))
def test_schema_tells_faults(events, name):
    good = next(event for event in events.all() if event["type"] == name)

    def members(value, path=()):
        """Every object in an event, by its path."""
        if isinstance(value, dict):
            yield path
            for member, inner in value.items():
                yield from members(inner, path + (member,))

    for path in members(good):
        def changed(change):
            event = copy.deepcopy(good)
            place = event
            for member in path:
                place = place[member]
            change(place)
            return event

        assert events.faults(changed(lambda place: place.update(email="ana@example.ro"))), path
        for member in changed(lambda place: None) if not path else ():
            if member not in ("type", "schemaVersion"):
                assert events.faults(changed(lambda place, m=member: place.pop(m))), member
    other = next(event for event in events.all() if event["type"] != name)
    assert events.faults(good | {"id": "1"}) and events.faults(good | {"orderId": "1"})
    assert events.faults(good | {"occurredAt": "yesterday"})
    assert events.faults(good | {"data": {"order": None}})
    assert not events.faults(good) and not events.faults(other)


def test_no_secret_and_no_personal_data(api, tokens, events):
    text = "\n".join(events.texts())
    secrets = {token for token in api.tokens | set(tokens.values()) if token and len(token) > 20}
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in text] == []
    # Tokens by their prefixes, client secrets, Stripe's objects, cards, and who bought what why.
    forbidden = (
        r"\b(st|gt|cs)_", "_secret_", r"\b(pi|ch|re|pm|card|evt)_[A-Za-z0-9]{14}", "whsec",
        "sk_test", "4242424242424242", "@", "Ana", "Pop", "Memorandumului", "Cluj", r"\+40",
        "CAFEA", "damaged", "userId",
    )
    # Our own random ids may hold anything.
    readable = re.sub(
        r'"(evt|pay|ref|inv)_[A-Za-z0-9_-]{22}"|"glk_[A-Za-z0-9_-]{43}"|"RO-[0-9A-Z-]+"', "", text
    )
    assert [word for word in forbidden if re.search(word, readable)] == []


def test_schemas_are_served(api, events):
    for path in (ROOT / "nginx/html/events").iterdir():
        answer = api.http.get(events.uri(path.name))
        assert answer.content == path.read_bytes()
    for method, name, status in (
        ("GET", "", 404), ("GET", "nothing.v1.json", 404), ("POST", "order.placed.v1.json", 405)
    ):
        answer = api.http.request(method, events.uri(name))
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"


# Commands

def test_tail_and_replay(api, events):
    order, _, _ = shop.order(api, CASH)
    told = events.wait_for(order, "order.placed", "order.confirmed")
    start = events.redis.xrevrange(STREAM, count=1)[0][0]
    follower = orderd("events", "tail", "--from", start, "--count", "2")

    listed = orderd("events", "replay", "--order", str(order), "--dry-run", "--json")
    rows = json.loads(listed.communicate(timeout=30)[0])
    assert [row["eventId"] for row in rows] == [event["id"] for event in told]
    replayed = orderd("events", "replay", "--order", str(order)).communicate(timeout=30)[0]
    assert replayed.splitlines()[-1] == "2 sent again"

    lines = [json.loads(line) for line in follower.communicate(timeout=30)[0].splitlines()]
    assert [line["event"] for line in lines] == told
    assert follower.returncode == 0
    since = orderd("events", "replay", "--since", "1h", "--dry-run").communicate(timeout=30)[0]
    assert all(event["id"] in since for event in told)


def test_tail_misses_nothing_from_now_on(api, events):
    follower = orderd("events", "tail")
    try:
        # It has begun once it waits.
        clients = events.redis.client_list
        limit = time.monotonic() + 30
        while not any(client["cmd"] == "xread" for client in clients()):
            assert time.monotonic() < limit
            time.sleep(0.05)
        order, _, _ = shop.order(api, CASH)
        seen = []
        while len(seen) < 2:
            event = json.loads(follower.stdout.readline())["event"]
            if event["orderId"] == order:
                seen.append(event["type"])
        assert seen == ["order.placed", "order.confirmed"]
    finally:
        follower.terminate()
        follower.communicate(timeout=30)


# The example of a consumer

class Example:
    """The example at work on the stack's stream, in a group of its own."""

    def __init__(self, events, directory):
        self.redis = events.redis
        self.directory = directory
        self.group = f"test-{uuid.uuid4().hex}"
        self.database = sqlite3.connect(directory / "records.sqlite", isolation_level=None)
        self.processes = []

    def start(self, name, claim_after):
        output = (self.directory / f"{name}.out").open("w")
        errors = (self.directory / f"{name}.err").open("w")
        command = [
            sys.executable, ROOT / "examples/events-consumer/consumer.py", "--name", name,
            "--redis", f"unix://{self.redis.get_connection_kwargs()['path']}",
            "--database", self.directory / "records.sqlite", "--group", self.group,
            "--claim-after", str(claim_after), "--deliveries", "3",
        ]
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        self.processes.append(process)
        return process

    def printed(self, name):
        return [line.split()[0] for line in (self.directory / f"{name}.out").read_text().splitlines()]

    def rows(self, query):
        return self.database.execute(query).fetchall()

    def pending(self, name):
        """What a consumer has taken and not acknowledged."""
        consumers = self.redis.xpending(STREAM, self.group)["consumers"]
        return next((one["pending"] for one in consumers if one["name"] == name), 0)

    def wait(self, condition, patience=60):
        limit = time.monotonic() + patience
        while not condition():
            errors = [path.read_text() for path in self.directory.glob("*.err")]
            assert time.monotonic() < limit, errors
            time.sleep(0.02)

    def journal(self):
        try:
            return [row[0] for row in self.rows("SELECT event_id FROM journal")]
        except sqlite3.OperationalError:
            # Not begun.
            return []


@pytest.fixture
def example(events, tmp_path):
    example = Example(events, tmp_path)
    yield example
    for process in example.processes:
        process.kill()
        process.wait()
    example.database.close()
    events.redis.xgroup_destroy(STREAM, example.group)


def ids(events):
    return {event["id"] for event in events.all()}


def test_consumer_applies_each_event_once(api, events, example):
    order, _, _ = shop.order(api, CASH)
    events.wait_for(order, "order.placed", "order.confirmed")
    first = example.start("first", claim_after=60)
    example.wait(lambda: set(example.journal()) == ids(events))

    # It has taken events and not applied them yet when it dies.
    example.database.execute("BEGIN EXCLUSIVE")
    another, _, _ = shop.order(api, CASH)
    events.wait_for(another, "order.placed", "order.confirmed")
    example.wait(lambda: example.pending("first") > 0)
    first.kill()
    first.wait()
    example.database.execute("ROLLBACK")
    assert set(example.journal()) < ids(events)

    # One that it had applied, and died before it said so.
    entries = events.redis.xrange(STREAM)
    applied = next(place for place, fields in entries if json.loads(fields["event"])["orderId"] == order)
    events.redis.xclaim(STREAM, example.group, "first", 0, [applied], force=True)
    # Two that are delivered twice.
    orderd("events", "replay", "--order", str(order)).communicate(timeout=30)
    example.wait(lambda: len(events.texts()) >= len(entries) + 2)

    second = example.start("second", claim_after=0.2)
    example.wait(lambda: set(example.journal()) == ids(events))
    example.wait(lambda: events.redis.xpending(STREAM, example.group)["pending"] == 0)
    example.wait(lambda: events.redis.xinfo_groups(STREAM)[0]["lag"] in (0, None))
    second.terminate()
    assert second.wait(timeout=30) == 0

    assert len(example.journal()) == len(ids(events))
    printed = example.printed("first") + example.printed("second")
    assert sorted(printed) == sorted(ids(events))
    assert example.rows("SELECT * FROM dead_letters") == []
    newest = {}
    for event in events.all():
        if event["orderVersion"] >= newest.get(event["orderId"], (0,))[0]:
            status = event["data"]["order"]["status"]
            newest[event["orderId"]] = (event["orderVersion"], status)
    known = example.rows("SELECT order_id, version, status FROM orders")
    assert {row[0]: row[1:] for row in known} == newest


def test_consumer_sets_poison_aside_and_keeps_order(events, example):
    good = events.all()[-1]

    def add(text):
        return events.redis.xadd(STREAM, {"type": "order.placed", "event": text})

    def variant(**changes):
        return json.dumps(good | {"id": f"evt_{uuid.uuid4().hex[:22]}"} | changes)

    added = []
    try:
        poison = [
            add("no JSON"), add("7"), add(variant(schemaVersion=2)), add(variant(data={})),
            add(variant(orderVersion=2**70)),
        ]
        newer = good["data"]["order"] | {"status": "returned"}
        late = variant()
        after = [
            add(variant(orderVersion=good["orderVersion"] + 1, data={"order": newer})), add(late),
            add(variant(type="order.unheard_of", news=1)),
        ]
        added = poison + after
        example.start("only", claim_after=0.1)
        example.wait(lambda: len(example.journal()) == len(ids_of(events, poison)))
        example.wait(lambda: events.redis.xpending(STREAM, example.group)["pending"] == 0)
    finally:
        events.redis.xdel(STREAM, *added)
    dead = dict(example.rows("SELECT stream_id, reason FROM dead_letters"))
    assert list(dead) == poison
    assert "schemaVersion 2" in dead[poison[2]] and "OverflowError" in dead[poison[4]]
    order = good["orderId"]
    state = example.rows(f"SELECT version, status FROM orders WHERE order_id = {order}")
    assert state == [(good["orderVersion"] + 1, "returned")]
    late_id = json.loads(late)["id"]
    assert example.rows(f"SELECT is_late FROM journal WHERE event_id = '{late_id}'") == [(1,)]


def ids_of(events, poison):
    """The ids of all events of the stream but those of these entries."""
    return {
        json.loads(fields["event"])["id"]
        for place, fields in events.redis.xrange(STREAM) if place not in poison
    }
