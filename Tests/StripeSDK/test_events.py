import json

import pytest
import stripe

from conftest import SECRET

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_events_are_listed_newest_first_and_by_type(pay):
    intent = pay(metadata={"order_id": "17"})
    assert [event.type for event in stripe.Event.list().data] == PAID[::-1]
    found = stripe.Event.list(types=["payment_intent.succeeded"]).data
    assert found[0].data.object.id == intent.id
    assert found[0].data.object.metadata["order_id"] == "17"
    assert found[0].request.id == intent.last_response.headers["Request-Id"]
    assert stripe.Event.retrieve(found[0].id).type == "payment_intent.succeeded"


def test_webhooks_are_signed_as_the_sdk_expects(pay, receiver):
    intent = pay()
    types = []
    for _ in PAID:
        body, signature, _ = receiver.next()
        event = stripe.Webhook.construct_event(body, signature, SECRET)
        assert event.data.object.object in ("payment_intent", "charge")
        types.append(event.type)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", signature, SECRET)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, "whsec_other")
    assert types == PAID
    assert json.loads(body)["data"]["object"]["id"] == intent.id


def test_rolled_secrets_sign_twice(pay, receiver, sim):
    sim.call("POST", "/_webhooks", {"secrets": ["whsec_new", SECRET]})
    pay()
    body, signature, _ = receiver.next()
    assert stripe.Webhook.construct_event(body, signature, "whsec_new")
    assert stripe.Webhook.construct_event(body, signature, SECRET)


def test_failed_delivery_is_listed_and_repeated(pay, receiver, sim):
    receiver.status = 500
    sim.call("POST", "/_webhooks", {"paused": True})
    pay()
    undelivered = stripe.Event.list(delivery_success=False).data
    assert [event.type for event in undelivered] == PAID[::-1]
    sim.call("POST", "/_webhooks", {"paused": False})
    first = stripe.Webhook.construct_event(*receiver.next()[:2], SECRET)
    receiver.status = 200
    sim.advance(60)
    delivered = set()
    while len(delivered) < len(PAID):
        body, signature, status = receiver.next()
        if status == 200:
            delivered.add(stripe.Webhook.construct_event(body, signature, SECRET).id)
        else:
            sim.advance(60)
    assert first.id in delivered
    while sim.call("GET", "/_webhooks")["inFlight"]:
        pass
    assert stripe.Event.list(delivery_success=False).data == []


def test_duplicates_and_redelivery(pay, receiver, sim):
    sim.call("POST", "/_webhooks", {"duplicate": 1})
    stripe.PaymentIntent.create(amount=5000, currency="ron")
    ids = [json.loads(receiver.next()[0])["id"] for _ in range(2)]
    assert ids[0] == ids[1]
    sim.call("POST", "/_webhooks/deliver", {"event": ids[0]})
    assert json.loads(receiver.next()[0])["id"] == ids[0]


def test_reordering(pay, receiver, sim):
    sim.call("POST", "/_webhooks", {"reorder": True, "paused": True})
    pay()
    sim.call("POST", "/_webhooks", {"paused": False})
    types = [json.loads(receiver.next()[0])["type"] for _ in PAID]
    assert types == PAID[::-1]
