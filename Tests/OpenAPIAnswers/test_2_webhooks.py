"""Signatures of webhooks, judged by the service and by Stripe's own SDK."""

import json
import os
import time

import pytest
import stripe

SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]
TOLERANCE = 300
BODY = json.dumps(
    {"id": "evt_sdk", "object": "event", "type": "radar.unknown", "note": "Țîrlea", "data": {}},
    ensure_ascii=False,
).encode()
RESERIALISED = json.dumps(json.loads(BODY)).encode()


def sign(body=BODY, at=0, secret=SECRET):
    """The time, and the hexadecimal v1 signature of a body `at` seconds from now."""
    seconds = int(time.time()) + at
    signature = stripe.WebhookSignature._compute_signature(
        f"{seconds}.{body.decode()}", secret
    )
    return seconds, signature


def signed(form, at=0, secret=SECRET, body=BODY):
    """A header in which `{t}`, `{v1}` and `{bad}` are filled in."""
    seconds, signature = sign(body, at, secret)
    return form.format(t=seconds, v1=signature, bad="0" * 64)


# What makes each case, whether it is believed, and the header and body that are sent.
CASES = {
    "as Stripe signs": (True, lambda: signed("t={t},v1={v1}"), BODY),
    "the wrong secret": (False, lambda: signed("t={t},v1={v1}", secret="whsec_other"), BODY),
    "no secret at all": (False, lambda: signed("t={t},v1={v1}", secret=""), BODY),
    "an altered byte": (False, lambda: signed("t={t},v1={v1}"), BODY.replace(b"radar", b"rader")),
    "a byte more": (False, lambda: signed("t={t},v1={v1}"), BODY + b"\n"),
    "serialised again": (False, lambda: signed("t={t},v1={v1}"), RESERIALISED),
    "an empty body": (False, lambda: signed("t={t},v1={v1}"), b""),
    "too old": (False, lambda: signed("t={t},v1={v1}", at=-TOLERANCE - 5), BODY),
    "old": (True, lambda: signed("t={t},v1={v1}", at=-TOLERANCE + 30), BODY),
    "a little early": (True, lambda: signed("t={t},v1={v1}", at=TOLERANCE - 30), BODY),
    "another time than was signed": (
        False,
        lambda: f"t={int(time.time()) - 60},v1={sign()[1]}",
        BODY,
    ),
    "several v1, the last fits": (True, lambda: signed("t={t},v1={bad},v1={v1}"), BODY),
    "several v1, the first fits": (True, lambda: signed("t={t},v1={v1},v1={bad}"), BODY),
    "several v1, none fits": (False, lambda: signed("t={t},v1={bad},v1={bad}"), BODY),
    "v0 only": (False, lambda: signed("t={t},v0={v1}"), BODY),
    "v0 beside v1": (True, lambda: signed("t={t},v1={v1},v0={bad}"), BODY),
    "v2 only": (False, lambda: signed("t={t},v2={v1}"), BODY),
    "other words beside": (True, lambda: signed("t={t},v1={v1},kid=1"), BODY),
    "the time at the end": (True, lambda: signed("v1={v1},t={t}"), BODY),
    "two times, the first fits": (True, lambda: signed("t={t},t=1,v1={v1}"), BODY),
    "two times, the second fits": (False, lambda: signed("t=1,t={t},v1={v1}"), BODY),
    "no time": (False, lambda: signed("v1={v1}"), BODY),
    "a time that is none": (False, lambda: signed("t=soon,v1={v1}"), BODY),
    "a time of the far future": (False, lambda: f"t={10**40},v1={sign()[1]}", BODY),
    "upper case": (False, lambda: signed("t={t},v1=") + sign()[1].upper(), BODY),
    "cut off": (False, lambda: signed("t={t},v1=") + sign()[1][:40], BODY),
    "a space after the comma": (False, lambda: signed("t={t}, v1={v1}"), BODY),
    "an empty signature": (False, lambda: signed("t={t},v1="), BODY),
    "nonsense": (False, lambda: "hello", BODY),
    "an empty header": (False, lambda: "", BODY),
    "no header": (False, lambda: None, BODY),
}


def judge(header, body):
    """Whether Stripe's SDK believes a delivery."""
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header or "", SECRET, TOLERANCE)
        return True
    except (stripe.SignatureVerificationError, ValueError):
        return False


@pytest.mark.parametrize("name", CASES)
def test_signatures_are_judged_as_the_sdk_does(api, name):
    is_believed, make, body = CASES[name]
    header = make()
    assert judge(header, body) == is_believed
    fields = {} if header is None else {"Stripe_Signature": header}
    api("POST", "/v1/webhooks/stripe", 200 if is_believed else 400, data=body, **fields)


def test_times_of_the_future_are_judged_more_strictly(api):
    header = signed("t={t},v1={v1}", at=TOLERANCE + 30)
    assert judge(header, BODY)
    api("POST", "/v1/webhooks/stripe", 400, data=BODY, Stripe_Signature=header)
