"""The service at work, from a basket to a delivery, with everything that may go wrong."""

import concurrent.futures
import hashlib
import hmac
import json
import os
import time
import urllib.parse
import uuid

import pytest

import shop


# Checkout

def test_guest_buys(api, simulator, key):
    path, token = shop.start(api)
    api("GET", path, 200, token=token)
    changed = api("PATCH", path, 200, body=shop.DETAILS, token=token)
    api(
        "PATCH", path, 200, body={"billing": None}, token=token, If_Match=changed.headers["ETag"],
        media_type="application/merge-patch+json",
    )
    total = changed.json()["totals"]["total"]

    first = api("POST", f"{path}/complete", 201, body={"expectedTotal": total}, token=token, key=key)
    repeated = api(
        "POST", f"{path}/complete", 201, body={"expectedTotal": total}, token=token, key=key
    )
    assert repeated.content == first.content
    assert repeated.headers["Idempotent-Replayed"] == "true"
    again = shop.complete(api, path, token)
    assert again["order"]["id"] == first.json()["order"]["id"] and "guestToken" not in again

    done = first.json()
    order, guest = done["order"]["id"], done["guestToken"]
    assert simulator.confirm(done["payment"]["clientSecret"]).ok
    assert shop.wait_for(api, order, guest, "paid")["status"] == "confirmed"


def test_customer_buys_the_cart(api, simulator, tokens):
    user = os.environ["CUSTOMER_ID"]
    order = shop.customers_order(
        api, simulator, tokens["customer"], user, {"paymentMethod": "cash_on_delivery"}
    )
    summary = api("GET", f"/v1/orders/{order}", 200, token=tokens["customer"]).json()
    assert (summary["status"], summary["paymentStatus"]) == ("confirmed", "due_on_delivery")
    page = api("GET", "/v1/orders?size=1", 200, token=tokens["customer"]).json()
    assert page["items"][0]["id"] == order
    for staff in ("support", "admin"):
        assert api("GET", f"/v1/users/{user}/orders", 200, token=tokens[staff]).json()["items"]


def test_checkout_faults(api, simulator, tokens):
    def faults(**arguments):
        problem = api.code("invalid_request", "POST", shop.SESSIONS, 422, **arguments)
        return {(fault["pointer"], fault["code"]) for fault in problem["errors"]}

    assert faults(
        body={"email": "ana", "items": [{"sku": "X", "quantity": 0}, {"sku": 1}], "price": 1}
    ) == {
        ("/email", "format"), ("/items/0/quantity", "range"), ("/items/1/sku", "type"),
        ("/items/1/quantity", "required"), ("/price", "unknown"),
    }
    line = {"sku": "NO-SUCH", "quantity": 1}
    assert faults(body={"email": "a@example.ro", "items": [line]}) == {("/items/0/sku", "unknown_sku")}
    assert faults(body={"email": "a@example.ro", "items": [line, line]}) == {("/items/1/sku", "duplicate")}
    assert faults(body={"email": "a\u0000@b.ro", "items": []}) == {
        ("/email", "characters"), ("/items", "length"),
    }
    assert faults(body=[]) == {("", "type")}
    simulator("DELETE", f"/users/{os.environ['CUSTOMER2_ID']}/cart")
    assert faults(body={}, token=tokens["customer2"]) == {("", "empty_cart")}
    api.code("invalid_request", "POST", shop.SESSIONS, 400, data=b'{"email":"a","email":"b"}')
    api.code("forbidden_role", "POST", shop.SESSIONS, 403, body={}, token=tokens["admin"])

    path, token = shop.start(api)
    address = shop.ADDRESS | {"county": "RO-XX", "postalCode": "4001"}
    problem = api.code(
        "invalid_request", "PATCH", path, 422, token=token,
        body={
            "contact": {"phone": "call me"},
            "billing": {"name": "X", "cui": "RO123", "address": shop.ADDRESS | {"county": "RO-B"}},
            "shipping": {"method": "pigeon", "address": address},
        },
    )
    assert {(fault["pointer"], fault["code"]) for fault in problem["errors"]} == {
        ("/contact/phone", "format"), ("/billing/cui", "check_digit"),
        ("/billing/address/city", "not_a_sector"), ("/shipping/method", "value"),
        ("/shipping/address/county", "unknown_county"), ("/shipping/address/postalCode", "postal_code"),
    }


def test_completed_session(api):
    path, token = shop.ready(api)
    shop.complete(api, path, token)
    api.code("illegal_transition", "PATCH", path, 409, token=token, body={"items": shop.ITEMS})
    api.code("illegal_transition", "DELETE", path, 409, token=token)
    api("GET", path, 200, token=token)


def test_session_of_others(api):
    path, _ = shop.start(api)
    _, other = shop.start(api)
    for method, end in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/complete")):
        body = {} if method == "PATCH" else None
        api.code("not_found", method, path + end, 404, token=other, body=body, key="any")


def test_changed_meanwhile(api):
    path, token = shop.start(api)
    old = api("GET", path, 200, token=token).headers["ETag"]
    api("PATCH", path, 200, token=token, body=shop.DETAILS)
    api.code("version_conflict", "PATCH", path, 412, token=token, body={}, If_Match=old)
    api("DELETE", path, 204, token=token)
    api.code("not_found", "GET", path, 404, token=token)


def test_expired_session(api, record):
    path, token = shop.ready(api)
    record.sql(f"""UPDATE checkout_sessions SET created_at = created_at - INTERVAL 1 DAY,
        expires_at = expires_at - INTERVAL 1 DAY WHERE id = '{path.rsplit("/", 1)[1]}'""")
    record.forget_caches()
    for method, end in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/complete")):
        body = {} if method == "PATCH" else None
        api.code("session_expired", method, path + end, 410, token=token, body=body, key="any")


def test_completion_refused(api, simulator, key):
    path, token = shop.start(api)
    complete = f"{path}/complete"
    api.code("idempotency_key_missing", "POST", complete, 400, token=token)
    api.code("invalid_request", "POST", complete, 400, token=token, key="k" * 256)
    lacking = api.code("invalid_request", "POST", complete, 422, token=token, key=key)
    assert {fault["code"] for fault in lacking["errors"]} == {"required"}
    api("PATCH", path, 200, body=shop.DETAILS, token=token)
    changed = api.code(
        "totals_changed", "POST", complete, 409, token=token, key=key,
        body={"expectedTotal": {"amount": 1, "currency": "RON"}},
    )
    assert changed["totals"]["total"]["amount"] > 1
    api("POST", complete, 201, token=token, key=key)
    api.code("idempotency_key_reused", "POST", complete, 422, token=token, key=key, body={})


def test_out_of_stock(api, simulator, key):
    product = {"sku": "RAR", "name": "Ultimul", "price": 100_00, "stock": 1}
    simulator("PUT", "/products", body={"products": [product]})
    path, token = shop.ready(api, [{"sku": "RAR", "quantity": 2}])
    problem = api.code("out_of_stock", "POST", f"{path}/complete", 409, token=token, key=key)
    assert problem["errors"][0]["pointer"] == "/items/0/quantity"


def test_too_small_for_a_card(api, simulator, key):
    product = {"sku": "LEU", "name": "Un leu", "price": 100, "stock": 100}
    simulator("PUT", "/products", body={"products": [product]})
    path, token = shop.ready(api, [{"sku": "LEU", "quantity": 1}], method="pickup")
    api.code("amount_too_small", "POST", f"{path}/complete", 422, token=token, key=key)


def test_nothing_to_pay(api, simulator):
    product = {"sku": "DAR", "name": "Dar", "price": 0, "stock": 100}
    simulator("PUT", "/products", body={"products": [product]})
    path, token = shop.ready(api, [{"sku": "DAR", "quantity": 1}], method="pickup")
    done = shop.complete(api, path, token)
    assert done["payment"]["status"] == "none_required"
    payment = api("GET", "/v1/guest/order/payment", 200, token=done["guestToken"]).json()
    assert payment["status"] == "none_required"


def test_two_at_once_under_one_key(api, simulator, key):
    path, token = shop.ready(api)
    simulator.fault("POST /stripe/v1/payment_intents", kind="delay", delayMs=1_000, times=1)

    def slow():
        return api("POST", f"{path}/complete", 201, token=token, key=key)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(slow)
        time.sleep(0.4)
        problem = api.http.post(
            api.base + f"{path}/complete",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
        )
        api.document.check("POST", f"{path}/complete", problem)
        assert (problem.status_code, problem.json()["code"]) == (409, "idempotency_in_progress")
        assert problem.headers["Retry-After"]
        first.result()


def test_product_service_down(api, simulator):
    simulator.fault("GET /products", kind="status", status=503)
    body = {"email": "ana@example.ro", "items": shop.ITEMS}
    api.code("dependency_unavailable", "POST", shop.SESSIONS, 503, body=body)


def test_stock_assumed(api, simulator):
    path, token = shop.ready(api)
    simulator.fault("POST /reservations", kind="status", status=503)
    reservation = shop.complete(api, path, token)["reservation"]
    assert reservation == {"optimistic": True, "requiresVerification": True}


# Payments

def test_declined_then_authenticated(api, simulator):
    order, guest, payment = shop.order(api)
    simulator.confirm(payment["clientSecret"], "pm_card_chargeDeclinedInsufficientFunds")
    refresh = f"/v1/orders/{order}/payments/refresh"
    state = api("POST", refresh, 200, token=guest).json()
    assert state["status"] == "requires_payment_method"
    assert state["attempts"][0]["declineCode"] == "insufficient_funds"

    simulator.confirm(payment["clientSecret"], "pm_card_threeDSecure2Required")
    time.sleep(2)
    assert api("POST", refresh, 200, token=guest).json()["status"] == "requires_action"
    intent = payment["clientSecret"].split("_secret_")[0]
    simulator("POST", f"/_3ds/{intent}", body={"outcome": "succeed"})
    shop.wait_for(api, order, guest, "paid")


def test_ensure_payment(api, simulator, key):
    order, guest, payment = shop.order(api)
    path = f"/v1/orders/{order}/payments"
    api.code("idempotency_key_missing", "POST", path, 400, token=guest)
    same = api("POST", path, 200, token=guest, key=key).json()
    assert same["clientSecret"] == payment["clientSecret"]
    api.code("idempotency_key_reused", "POST", path, 422, token=guest, key=key, body={})
    faulty = api.code("invalid_request", "POST", path, 422, token=guest, key="other", body={"a": 1})
    assert faulty["errors"][0]["code"] == "unknown"
    simulator.confirm(payment["clientSecret"])
    shop.wait_for(api, order, guest, "paid")
    api.code("already_paid", "POST", path, 409, token=guest, key="third")


def test_not_payable_by_card(api, key):
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    api.code("order_not_payable", "POST", f"/v1/orders/{order}/payments", 409, token=guest, key=key)


def test_degraded_start(api, simulator, key):
    path, token = shop.ready(api)
    simulator.fault("POST /stripe/v1/payment_intents", kind="drop_before")
    done = shop.complete(api, path, token)
    payment, guest = done["payment"], done["guestToken"]
    assert payment["degraded"] and payment["status"] == "requires_retry"
    simulator.end_faults()
    recovered = api("POST", payment["next"]["href"], 200, token=guest, key=key).json()
    assert recovered["clientSecret"] and not recovered["degraded"]


def test_cancel(api, simulator, tokens, key):
    order, guest, _ = shop.order(api)
    path = f"/v1/orders/{order}/cancel"
    api.code("idempotency_key_missing", "POST", path, 400, token=guest)
    faulty = api.code("invalid_request", "POST", path, 422, token=guest, key=key, body={"a": 1})
    assert faulty["errors"][0]["code"] == "unknown"
    simulator.fault("POST /stripe/v1/payment_intents/*/cancel", kind="status", status=503)
    begun = api("POST", path, 202, token=guest, key=key, body={"reason": "a mistake"}).json()
    assert begun["status"] == "awaiting_payment"
    api.code("order_not_payable", "POST", f"/v1/orders/{order}/payments", 409, token=guest, key=key)
    simulator.end_faults()
    done = api("POST", path, 200, token=guest, key=key + "-2").json()
    assert (done["status"], done["paymentStatus"]) == ("cancelled", "cancelled")
    again = api("POST", path, 202, token=guest, key=key, body={"reason": "a mistake"})
    assert again.headers["Idempotent-Replayed"] == "true" and again.json() == begun


def test_cancel_too_late(api, tokens, key):
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    path = f"/v1/orders/{order}/cancel"
    report = f"/v1/admin/orders/{order}/fulfilment"
    api("POST", report, 200, token=tokens["service"], body={"event": "start"})
    api.code("illegal_transition", "POST", path, 409, token=guest, key=key)
    api.code("order_not_found", "POST", path, 404, token=tokens["finance"], key=key)
    api("POST", path, 200, token=tokens["support"], key=key)


def test_cancel_many(api, simulator, record, tokens, key):
    paid, guest, payment = shop.order(api)
    simulator.confirm(payment["clientSecret"])
    shop.wait_for(api, paid, guest, "paid")
    unpaid, _, _ = shop.order(api)
    packed, _, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    report = f"/v1/admin/orders/{packed}/fulfilment"
    for event in ("start", "ship"):
        api("POST", report, 200, token=tokens["service"], body={"event": event})
    path, support = "/v1/orders/bulk/cancel", tokens["support"]
    body = {"ids": [packed, unpaid, 987654321, paid, unpaid], "reason": "the batch is recalled"}
    asked = api("POST", path, 202, body=body, token=support, key=key)
    job = asked.headers["Location"]
    assert job == f"{path}/{asked.json()['id']}" and asked.json()["counts"]["total"] == 4
    again = api("POST", path, 202, body=body, token=support, key=key)
    assert again.headers["Idempotent-Replayed"] == "true" and again.content == asked.content
    assert again.headers["Location"] == job

    limit = time.monotonic() + 10
    while True:
        look = api("GET", job, 200, token=tokens["admin"]).json()
        if look["state"] == "finished" and not look["counts"]["cancelling"]:
            break
        assert time.monotonic() < limit, look
        time.sleep(0.05)
    outcomes = [(item["orderId"], item["outcome"]) for item in look["items"]]
    assert outcomes == [
        (packed, "refused"), (unpaid, "cancelled"), (987654321, "not_found"), (paid, "cancelled"),
    ]
    assert look["items"][0]["code"] == "illegal_transition"
    history = api("GET", f"/v1/orders/{unpaid}/events", 200, token=support).json()["items"]
    assert [item["cause"] for item in history if item["event"] == "order.closing"] == [body["reason"]]

    page = api("GET", f"{path}?size=1", 200, token=support).json()
    assert page["items"][0] == {name: look[name] for name in page["items"][0]}
    api("GET", f"{path}?cursor=1", 200, token=support)
    api.code("invalid_request", "GET", f"{path}?cursor=x", 400, token=support)

    api.code("idempotency_key_missing", "POST", path, 400, body=body, token=support)
    other = body | {"ids": [1]}
    api.code("idempotency_key_reused", "POST", path, 422, body=other, token=support, key=key)
    for faulty in ({"ids": body["ids"]}, body | {"ids": []}, body | {"ids": list(range(1, 1_002))}):
        api.code("invalid_request", "POST", path, 422, body=faulty, token=support, key=key + "-2")
    record.sql(
        "UPDATE idempotency_keys SET response = NULL, response_status = NULL, "
        "leased_until = UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE "
        f"WHERE idempotency_key = '{key}'"
    )
    api.code("idempotency_in_progress", "POST", path, 409, body=body, token=support, key=key)
    for token in (tokens["finance"], tokens["customer"]):
        api.code("forbidden_role", "POST", path, 403, body=body, token=token, key=key)
        api.code("forbidden_role", "GET", path, 403, token=token)
        api.code("forbidden_role", "GET", job, 403, token=token)
    api.code("not_found", "GET", f"{path}/bulk_nothing", 404, token=support)


def test_too_many_attempts(api, record, key):
    email = f"{key}@example.ro"
    done = shop.complete(api, *shop.ready(api, email=email))
    order, guest = done["order"]["id"], done["guestToken"]
    # As if Stripe had canceled it, so that there would be a new one.
    record.sql(f"UPDATE payments SET status = 'cancelled' WHERE order_id = {order}")
    path, token = shop.ready(api, email=email)
    record.use_up_attempts(email)
    for refused, bearer in ((f"{path}/complete", token), (f"/v1/orders/{order}/payments", guest)):
        answer = api("POST", refused, 429, token=bearer, key=key)
        assert answer.json()["code"] == "rate_limited"
        assert 0 < int(answer.headers["Retry-After"]) <= 3_600
        assert answer.headers["RateLimit-Remaining"] == "0"


# Look-ups

PARTS = ("", "/items", "/payment", "/tracking")


def test_look_ups(api, tokens):
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    shop.wait_for_event(api, order, tokens["support"], "reservation.committed")
    for part in PARTS + ("/events",):
        path = f"/v1/orders/{order}{part}"
        for token in (guest, tokens["support"], tokens["finance"], tokens["admin"], tokens["service"]):
            # Each by the tag of its own form: staff are told more of the events.
            tag = api("GET", path, 200, token=token).headers["ETag"]
            api("GET", path, 304, token=token, If_None_Match=tag)
        api("HEAD", path, 200, token=guest)
        api.code("order_not_found", "GET", path, 404, token=tokens["customer"])
        api.code("order_not_found", "GET", path.replace(f"/{order}", "/x"), 404, token=guest)
    staff = api("GET", f"/v1/orders/{order}/events", 200, token=tokens["support"]).json()
    assert all("actor" in event for event in staff["items"])
    public = api("GET", f"/v1/orders/{order}/events", 200, token=guest).json()
    assert public["items"] and not any("actor" in event for event in public["items"])
    for end in ("", "/refresh"):
        api.code(
            "order_not_found", "POST", f"/v1/orders/{order}/payments{end}", 404,
            token=tokens["customer"], key="any",
        )


def test_guest_look_ups(api, record):
    order, guest, _ = shop.order(api)
    for part in PARTS:
        path = f"/v1/guest/order{part}"
        tag = api("GET", path, 200, token=guest).headers["ETag"]
        api("GET", path, 304, token=guest, If_None_Match=tag)
    record.sql(f"UPDATE guest_tokens SET scopes = 'pay' WHERE order_id = {order}")
    record.forget_caches()
    for part in PARTS:
        api.code("order_not_found", "GET", f"/v1/guest/order{part}", 404, token=guest)


def test_guest_token(api):
    _, guest, _ = shop.order(api)
    fresh = api("POST", "/v1/guest/token/rotate", 200, token=guest).json()["token"]
    for token in (guest, fresh):
        api("GET", "/v1/guest/order", 200, token=token)
    api("DELETE", "/v1/guest/token", 204, token=fresh)
    api.code("token_expired", "GET", "/v1/guest/order", 401, token=fresh)


def look_up(api, order, guest, email="ana@example.ro"):
    """Asks for a link to the order by its number."""
    number = api("GET", f"/v1/orders/{order}", 200, token=guest).json()["orderNumber"]
    body = {"orderNumber": number.lower(), "email": email}
    return api("POST", "/v1/guest/lookup", 202, body=body)


def test_guest_link(api, tokens, record, events):
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    taken = look_up(api, order, guest)
    wrong = look_up(api, order, guest, "eva@example.ro")
    strange = {"orderNumber": "RO-7Q4K-92MX-4", "email": "x"}
    unknown = api("POST", "/v1/guest/lookup", 202, body=strange, token="gt_" + "A" * 43)
    assert taken.content == wrong.content == unknown.content
    told = events.wait_for(order, "order.placed", "order.confirmed", "guest.link.requested")
    wish = {"lookupId": told[2]["data"]["lookup"]["id"]}
    for token in (tokens["admin"], tokens["support"], tokens["customer"]):
        api.code("forbidden_role", "POST", "/v1/guest/links", 403, token=token, body=wish)
    link = api("POST", "/v1/guest/links", 201, token=tokens["service"], body=wish).json()["token"]
    assert api("GET", "/v1/guest/order", 200, token=link).json()["id"] == order
    api.code("order_not_found", "POST", f"/v1/orders/{order}/cancel", 404, token=link, key="any")
    api.code("link_expired", "POST", "/v1/guest/links", 410, token=tokens["service"], body=wish)
    nothing = {"lookupId": "glk_nothing"}
    api.code("not_found", "POST", "/v1/guest/links", 404, token=tokens["service"], body=nothing)
    for body in ({"lookupId": 1}, {"lookupId": "x" * 65}, wish | {"more": 1}):
        api.code("invalid_request", "POST", "/v1/guest/links", 422, token=tokens["service"], body=body)

    for body in ({}, strange | {"email": "x" * 255}, strange | {"orderNumber": "1" * 65}, []):
        api.code("invalid_request", "POST", "/v1/guest/lookup", 422, body=body)
    api.code("invalid_request", "POST", "/v1/guest/lookup", 400, data=b"{")


def test_too_many_look_ups(api):
    # What `scripts/test-openapi` leaves of this limit is used up by one number alone.
    body = {"orderNumber": f"RO-{uuid.uuid4().hex[:8]}", "email": "ana@example.ro"}
    limit = int(os.environ.get("GUEST_LOOKUP_LIMIT_ORDER_HOUR", "50"))
    for number in range(limit):
        api("POST", "/v1/guest/lookup", 202, body=body | {"email": f"{number}@example.ro"})
    refused = api("POST", "/v1/guest/lookup", 429, body=body)
    assert refused.json()["code"] == "rate_limited"
    assert 0 < int(refused.headers["Retry-After"]) <= 3_600
    assert refused.headers["RateLimit-Limit"] == str(limit)


def test_guest_tokens_of_support(api, tokens):
    order, guest, _ = shop.order(api)
    api("GET", f"/v1/orders/{order}", 200, token=guest)
    fresh = api("POST", "/v1/guest/token/rotate", 200, token=guest).json()["token"]
    path = f"/v1/admin/orders/{order}/guest-tokens"
    why = {"reason": "the guest forwarded the mail"}
    support = tokens["support"]
    new, old = api("GET", path, 200, token=support).json()["items"]
    assert (new["origin"], old["origin"]) == ("rotation", "completion")
    assert old["revokedBy"] == "rotation" and new["live"]
    ended = api("POST", f"{path}/{new['id']}/revoke", 200, token=support, body=why).json()
    assert not ended["live"] and ended["revokedBy"] == "support-1"
    api.code("token_expired", "GET", "/v1/guest/order", 401, token=fresh)
    api("GET", "/v1/guest/order", 200, token=guest)
    assert api("POST", f"{path}/revoke", 200, token=tokens["admin"], body=why).json() == {"revoked": 1}
    api.code("token_expired", "GET", "/v1/guest/order", 401, token=guest)
    api.code("not_found", "POST", f"{path}/gtk_nothing/revoke", 404, token=support, body=why)
    for end in ("/revoke", f"/{new['id']}/revoke"):
        api.code("invalid_request", "POST", path + end, 422, token=support, body={})
        api.code("forbidden_role", "POST", path + end, 403, token=tokens["finance"], body=why)
        nobodys = path.replace(str(order), "999999999999") + end
        api.code("order_not_found", "POST", nobodys, 404, token=support, body=why)
    api.code("forbidden_role", "GET", path, 403, token=tokens["service"])
    api.code("order_not_found", "GET", path.replace(str(order), "x"), 404, token=support)

    accesses = f"/v1/admin/orders/{order}/guest-accesses"
    limit = time.monotonic() + 10
    while True:
        items = api("GET", accesses, 200, token=support).json()["items"]
        routes = {item["route"] for item in items}
        if {"POST /v1/guest/token/rotate", "GET /v1/orders/{id}", "GET /v1/guest/order"} <= routes:
            break
        assert time.monotonic() < limit, items
        time.sleep(0.05)
    assert {item["tokenId"] for item in items} == {old["id"]}
    assert {item["network"] for item in items} == {"127.0.0.1"}
    page = api("GET", f"{accesses}?size=1", 200, token=support).json()
    rest = api("GET", f"{accesses}?cursor={page['nextCursor']}", 200, token=support).json()
    assert len(rest["items"]) == len(items) - 1
    api.code("invalid_request", "GET", f"{accesses}?size=0", 400, token=support)
    api.code("forbidden_role", "GET", accesses, 403, token=tokens["finance"])
    api.code("order_not_found", "GET", accesses.replace(str(order), "0"), 404, token=support)


def test_states_of_many(api, tokens):
    first, second = (shop.order(api)[0] for _ in range(2))
    asked = {"ids": [second, 987654321, first, second]}
    states = api("POST", "/v1/orders/bulk/status", 200, body=asked, token=tokens["service"]).json()
    assert [item["orderId"] for item in states["items"]] == [second, first]
    assert states["missing"] == [987654321]
    path = "/v1/orders/bulk/status"
    for ids in ([], [0], ["1"], list(range(1, 1_002)), None):
        body = {} if ids is None else {"ids": ids}
        api.code("invalid_request", "POST", path, 422, body=body, token=tokens["support"])
    api.code("forbidden_role", "POST", path, 403, body=asked, token=tokens["customer"])
    api.code("forbidden_role", "POST", path, 403, body=asked, token=tokens["finance"])


def test_an_unchanged_page(api, tokens):
    for path, token in (("/v1/orders", "customer"), ("/v1/users/1001/orders", "support")):
        tag = api("GET", path, 200, token=tokens[token]).headers["ETag"]
        api("GET", path, 304, token=tokens[token], If_None_Match=tag)
        api("GET", path, 200, token=tokens[token], If_None_Match='"h-1"')


def test_pages(api, tokens):
    for path, token in (("/v1/orders", "customer"), ("/v1/users/1001/orders", "support")):
        api("GET", f"{path}?page=7&size=100", 200, token=tokens[token])
        for query in ("page=-1", "size=0", "size=101", "size=x"):
            api.code("invalid_request", "GET", f"{path}?{query}", 400, token=tokens[token])
    api.code("forbidden_role", "GET", "/v1/orders", 403, token=tokens["support"])
    api.code("forbidden_role", "GET", "/v1/users/1001/orders", 403, token=tokens["finance"])
    api.code("not_found", "GET", "/v1/users/a%20b/orders", 404, token=tokens["admin"])


# Fulfilment

def test_fulfilment(api, tokens):
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    path = f"/v1/admin/orders/{order}/fulfilment"
    admin = tokens["admin"]
    shop.wait_for_event(api, order, admin, "reservation.committed")
    problem = api.code("illegal_transition", "POST", path, 409, token=admin, body={"event": "deliver"})
    assert problem["orderStatus"] == "confirmed" and "start" in problem["allowed"]
    started = api("POST", path, 200, token=tokens["service"], body={"event": "start"})
    report = {"event": "ship", "carrier": "FAN Courier", "trackingNumber": "2045871234567"}
    api.code("version_conflict", "POST", path, 412, token=admin, body=report, If_Match='"1-1"')
    api("POST", path, 200, token=admin, body=report, If_Match=started.headers["ETag"])
    delivered = api("POST", path, 200, token=admin, body={"event": "deliver"}).json()
    assert (delivered["status"], delivered["paymentStatus"]) == ("delivered", "paid")
    api("POST", path, 200, token=admin, body={"event": "return"})
    events = api("GET", "/v1/guest/order/tracking", 200, token=guest).json()["events"]
    assert [event["event"] for event in events] == ["start", "ship", "deliver", "return"]

    api.code("invalid_request", "POST", path, 422, token=admin, body={"event": "lose"})
    api.code("forbidden_role", "POST", path, 403, token=tokens["support"], body={"event": "start"})
    nobodys = "/v1/admin/orders/999999999999/fulfilment"
    api.code("order_not_found", "POST", nobodys, 404, token=admin, body={"event": "start"})


def test_nothing_is_sent_that_is_disputed(api, simulator, tokens):
    order, guest, payment = shop.order(api)
    simulator.confirm(payment["clientSecret"])
    shop.wait_for(api, order, guest, "paid")
    intent = payment["clientSecret"].split("_secret_")[0]
    dispute = simulator("POST", "/_disputes", body={"payment_intent": intent}).json()["id"]
    assert shop.wait_for(api, order, guest, "disputed")["status"] == "confirmed"
    path = f"/v1/admin/orders/{order}/fulfilment"
    start = {"event": "start"}
    api.code("payment_disputed", "POST", path, 409, token=tokens["service"], body=start)
    history = api("GET", f"/v1/orders/{order}/events", 200, token=tokens["finance"]).json()
    assert "dispute.opened" in [item["event"] for item in history["items"]]
    simulator("POST", f"/_disputes/{dispute}", body={"status": "won"})
    shop.wait_for(api, order, guest, "paid")
    api("POST", path, 200, token=tokens["service"], body=start)


# Customer service's search

def test_find_orders(api, tokens):
    order, guest, _ = shop.order(api)
    summary = api("GET", f"/v1/orders/{order}", 200, token=guest).json()
    for query in (
        {"number": summary["orderNumber"]}, {"email": "ANA@example.ro"}, {"phone": "0722 123 456"},
        {"name": "pop ana"}, {"status": summary["status"], "from": summary["createdAt"][:10]},
        {"paymentStatus": summary["paymentStatus"], "name": "Ana"}, {},
    ):
        path = f"/v1/admin/orders?{urllib.parse.urlencode(query | {'size': 1})}"
        page = api("GET", path, 200, token=tokens["support"]).json()
        assert [item["id"] for item in page["items"]] == [order], query
        assert page["items"][0]["contact"] == {
            "name": "Ana Pop", "email": "ana@example.ro", "phone": "+40 722 123 456",
        }
    rest = f"/v1/admin/orders?cursor={page['nextCursor']}"
    older = api("GET", rest, 200, token=tokens["finance"]).json()
    assert order not in [item["id"] for item in older["items"]]
    audit = api("GET", "/v1/admin/audit?actor=support-1&size=2", 200, token=tokens["admin"]).json()
    assert [item["subject"] for item in audit["items"]] == [None, "name paymentStatus"]
    for query in ("status=gone", "number=RO-0000-0000-1", "from=today", "cursor=x"):
        api.code("invalid_request", "GET", f"/v1/admin/orders?{query}", 400, token=tokens["admin"])


# Invoices

def test_own_invoices(api, tokens):
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    shop.wait_for_event(api, order, tokens["support"], "reservation.committed")
    path = f"/v1/orders/{order}/invoices"
    assert api("GET", path, 200, token=guest).json() == {"orderId": order, "items": []}
    invoice = shop.ship(api, order, tokens["service"])[0]
    own = api("GET", path, 200, token=guest).json()["items"]
    assert own == [{key: invoice[key] for key in invoice if key not in ("state", "deadline")}]
    short = api("GET", "/v1/guest/order/invoices", 200, token=guest)
    assert short.json()["items"] == own
    files = list(own[0]["hrefs"].values())
    for target in (path, "/v1/guest/order/invoices", *files):
        tag = api("GET", target, 200, token=guest).headers["ETag"]
        api("GET", target, 304, token=guest, If_None_Match=tag)
        api("HEAD", target, 200, token=guest)
    for target in (path, *files):
        api.code("order_not_found", "GET", target, 404, token=tokens["customer"])
    for part in ("print", "ubl"):
        api.code("not_found", "GET", f"{path}/inv_nothing/{part}", 404, token=guest)
    page = api("GET", own[0]["hrefs"]["print"], 200, token=guest)
    assert own[0]["number"][-6:] in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "," not in policy
    xml = api("GET", own[0]["hrefs"]["ubl"], 200, token=guest)
    assert xml.headers["Content-Disposition"] == f'attachment; filename="{own[0]["number"]}.xml"'
    assert f"<cbc:ID>{own[0]['number']}</cbc:ID>" in xml.text


def test_invoice_of_one_without_the_scope(api, record, tokens):
    order, guest, _ = shop.order(api)
    record.sql(f"UPDATE guest_tokens SET scopes = 'view' WHERE order_id = {order}")
    for path in (f"/v1/orders/{order}/invoices", "/v1/guest/order/invoices"):
        api.code("order_not_found", "GET", path, 404, token=guest)


def test_find_invoices(api, tokens):
    order, _, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    shop.wait_for_event(api, order, tokens["support"], "reservation.committed")
    number = shop.ship(api, order, tokens["service"])[0]["number"]
    report = f"/v1/admin/orders/{order}/fulfilment"
    api("POST", report, 200, token=tokens["service"], body={"event": "deliver"})
    api("POST", report, 200, token=tokens["service"], body={"event": "return"})
    summary = api("GET", f"/v1/orders/{order}", 200, token=tokens["support"]).json()
    support, path = tokens["support"], "/v1/admin/invoices"
    found = api("GET", f"{path}?number={number}", 200, token=support).json()["items"]
    assert [item["orderId"] for item in found] == [order]
    invoice = found[0]
    day = invoice["issueDate"]
    for query in (
        {"orderNumber": summary["orderNumber"]}, {"orderId": order}, {"buyer": "pop ana", "from": day},
        {"state": "queued", "to": day}, {"number": number.lower(), "state": "queued"},
    ):
        page = api("GET", f"{path}?{urllib.parse.urlencode(query)}", 200, token=support).json()
        assert invoice in page["items"], query
    page = api("GET", f"{path}?size=1", 200, token=tokens["finance"]).json()
    rest = api("GET", f"{path}?cursor={page['nextCursor']}", 200, token=tokens["admin"]).json()
    assert page["items"][0] not in rest["items"]
    assert api("GET", f"{path}?cui=RO93456784", 200, token=support).json()["items"] == []
    for query in ("state=gone", "cui=1", "number=%25", "orderId=0", "from=today", "cursor=x"):
        api.code("invalid_request", "GET", f"{path}?{query}", 400, token=support)
    one = f"{path}/{invoice['id']}"
    for part in ("", "/ubl", "/print"):
        for name in ("support", "finance", "admin"):
            tag = api("GET", one + part, 200, token=tokens[name]).headers["ETag"]
            api("GET", one + part, 304, token=tokens[name], If_None_Match=tag)
        api.code("not_found", "GET", f"{path}/inv_nothing{part}", 404, token=support)
        api.code("forbidden_role", "GET", one + part, 403, token=tokens["service"])
    whole = api("GET", one, 200, token=support).json()
    assert {key: whole[key] for key in invoice} == invoice
    assert whole["document"]["buyer"]["name"] == "Ana Pop" and whole["faults"] is None
    assert [try_["state"] for try_ in whole["submissions"]] == ["queued"]
    api.code("forbidden_role", "GET", path, 403, token=tokens["service"])


# Lists for finance

def test_audit(api, tokens):
    order, _, _ = shop.order(api)
    api("GET", f"/v1/orders/{order}", 200, token=tokens["support"])
    api("GET", f"/v1/orders/{order}/items", 200, token=tokens["finance"])
    path = f"/v1/admin/audit?orderId={order}"
    page = api("GET", f"{path}&size=2", 200, token=tokens["admin"]).json()
    assert [item["route"] for item in page["items"]] == [
        "GET /v1/admin/audit", "GET /v1/orders/{id}/items",
    ]
    rest = api("GET", f"{path}&cursor={page['nextCursor']}", 200, token=tokens["admin"]).json()
    assert [item["actor"] for item in rest["items"]] == ["support-1"]
    assert rest["items"][0]["network"] == "127.0.0.1" and rest["nextCursor"] is None
    mine = api("GET", f"{path}&actor=finance-1", 200, token=tokens["admin"]).json()
    assert [item["orderId"] for item in mine["items"]] == [order]
    api.code("invalid_request", "GET", "/v1/admin/audit?orderId=x", 400, token=tokens["admin"])


def test_in_doubt_and_reservations(api, simulator, tokens):
    finance = tokens["finance"]
    simulator.fault("POST /stripe/v1/payment_intents", kind="status", status=503)
    orders = [shop.order(api)[0] for _ in range(2)]
    page = api("GET", "/v1/admin/payments/in-doubt?size=1", 200, token=finance).json()
    seen = [item["orderId"] for item in page["items"]]
    while page["nextCursor"]:
        path = f"/v1/admin/payments/in-doubt?size=1&cursor={page['nextCursor']}"
        page = api("GET", path, 200, token=finance).json()
        seen += [item["orderId"] for item in page["items"]]
    assert set(orders) <= set(seen) and len(seen) == len(set(seen))
    for state in ("held", "optimistic", "committed", "released", "lost"):
        held = api("GET", f"/v1/admin/reservations?state={state}", 200, token=finance).json()
        assert all(item["state"] == state for item in held["items"])
    for path in ("/v1/admin/payments/in-doubt", "/v1/admin/reservations"):
        api("GET", path, 200, token=tokens["admin"])
        api.code("invalid_request", "GET", f"{path}?cursor=x", 400, token=finance)
        for role in ("support", "service", "customer"):
            api.code("forbidden_role", "GET", path, 403, token=tokens[role])
    api.code("invalid_request", "GET", "/v1/admin/reservations?state=gone", 400, token=finance)


# Circuit breakers

def test_breakers(api, tokens):
    admin, path = tokens["admin"], "/v1/admin/breakers"

    def processes():
        answer = api("GET", path, 200, token=admin).json()
        assert answer["complete"]
        return next(item for item in answer["items"] if item["name"] == "redis-state")["processes"]

    def wait_for(state):
        limit = time.monotonic() + 10
        while {process["state"] for process in processes()} != {state} or len(processes()) < 2:
            assert time.monotonic() < limit, processes()
            time.sleep(0.05)

    wait_for("closed")
    assert {process["kind"] for process in processes()} == {"serve", "worker"}
    order = {"mode": "metricsOnly", "reason": "a drill", "expiresIn": 600}
    ordered = api("POST", f"{path}/redis-state", 200, token=admin, body=order).json()
    assert ordered["state"] == "metricsOnly" and ordered["order"]["reason"] == "a drill"
    wait_for("metricsOnly")
    lift = {"mode": "auto", "reason": "the drill is over"}
    assert api("POST", f"{path}/redis-state", 200, token=admin, body=lift).json()["order"] is None
    wait_for("closed")

    for wrong in ({"mode": "open"}, {"mode": "auto", "reason": "x"}, lift | {"expiresIn": 60}):
        api.code("invalid_request", "POST", f"{path}/redis-state", 422, token=admin, body=wrong)
    api.code("not_found", "POST", f"{path}/nothing", 404, token=admin, body=lift)
    for token in (tokens["service"], tokens["support"]):
        api.code("forbidden_role", "GET", path, 403, token=token)
        api.code("forbidden_role", "POST", f"{path}/redis-state", 403, token=token, body=lift)


# Caches

def test_caches(api, tokens):
    admin, path = tokens["admin"], "/v1/admin/caches"
    # At rest, so that no change drops the entry.
    order, guest, _ = shop.order(api, {"paymentMethod": "cash_on_delivery"})
    shop.wait_for_event(api, order, tokens["support"], "reservation.committed")
    for _ in range(2):
        api("GET", f"/v1/orders/{order}", 200, token=guest)
    caches = {item["name"]: item for item in api("GET", path, 200, token=admin).json()["items"]}
    assert caches["order-summaries"]["hits"] > 0 and caches["session"]["entries"] > 0

    def drop():
        api("GET", f"/v1/orders/{order}", 200, token=guest)
        return api("DELETE", f"{path}/order-summaries/{order}", 200, token=admin).json()["dropped"]

    # The last change's own drop may come in between.
    assert any(drop() == 1 for _ in range(5))
    assert api("DELETE", f"{path}/order-summaries/{order}", 200, token=admin).json()["dropped"] == 0
    assert api("DELETE", f"{path}/guest:token", 200, token=admin).json()["dropped"] > 0
    api("GET", f"/v1/orders/{order}", 200, token=guest)
    for target in (f"{path}/nothing", f"{path}/nothing/1"):
        api.code("not_found", "DELETE", target, 404, token=admin)
    api.code("forbidden_role", "GET", path, 403, token=tokens["support"])
    for target in (f"{path}/session", f"{path}/session/x"):
        api.code("forbidden_role", "DELETE", target, 403, token=tokens["support"])


# Refunds

def test_refunds(api, simulator, tokens, record, key):
    order, guest, payment = shop.order(api)
    path = f"/v1/admin/orders/{order}/refunds"
    finance, support = tokens["finance"], tokens["support"]
    simulator.confirm(payment["clientSecret"])
    shop.wait_for(api, order, guest, "paid")

    body = {"items": [{"sku": "CAFEA-250", "quantity": 1}], "reason": "damaged"}
    first = api("POST", path, 201, token=support, key=key, body=body)
    assert first.json()["status"] == "succeeded" and first.json()["items"][0]["position"] == 1
    again = api("POST", path, 201, token=support, key=key, body=body)
    assert again.content == first.content and again.headers["Idempotent-Replayed"] == "true"
    shop.wait_for(api, order, guest, "partially_refunded")

    two = body | {"items": [{"position": 1, "quantity": 2}]}
    problem = api.code("refund_exceeds_captured", "POST", path, 409, token=finance, key="2", body=two)
    assert problem["errors"][0]["pointer"] == "/items/0/quantity"
    more = {"amount": 10_000_000, "reason": "much"}
    api.code("forbidden_role", "POST", path, 403, token=support, key="3", body=more | {"amount": 20_001})
    problem = api.code("refund_exceeds_captured", "POST", path, 409, token=finance, key="4", body=more)
    assert problem["refundable"]["amount"] > 0
    api.code("idempotency_key_missing", "POST", path, 400, token=finance, body=body)
    api.code("invalid_request", "POST", path, 422, token=finance, key="5", body={"amount": 1})
    api.code("forbidden_role", "POST", path, 403, token=tokens["service"], key="6", body=body)
    nobodys = "/v1/admin/orders/999999999999/refunds"
    api.code("order_not_found", "POST", nobodys, 404, token=finance, key="7", body=body)

    record.sql(f"UPDATE payments SET status = 'disputed' WHERE order_id = {order}")
    api.code("payment_disputed", "POST", path, 409, token=finance, key="8", body={"reason": "x"})
    record.sql(f"UPDATE payments SET status = 'partially_refunded' WHERE order_id = {order}")
    record.sql("UPDATE refund_days SET requested_minor = requested_minor + 5000000")
    api.code("rate_limited", "POST", path, 429, token=finance, key="9", body={"reason": "x"})
    record.sql("UPDATE refund_days SET requested_minor = requested_minor - 5000000")

    simulator.fault("POST /stripe/v1/refunds", kind="status", status=400, times=1)
    refused = api("POST", path, 201, token=finance, key="10", body={"reason": "rest"}).json()
    assert refused["status"] == "manual"
    page = api("GET", "/v1/admin/refunds?state=manual&size=100", 200, token=tokens["admin"]).json()
    assert refused["id"] in [item["id"] for item in page["items"]]
    api.code("invalid_request", "GET", "/v1/admin/refunds?state=lost", 400, token=finance)
    api.code("forbidden_role", "GET", "/v1/admin/refunds", 403, token=support)

    resolve = f"/v1/admin/refunds/{refused['id']}/resolve"
    found = {"outcome": "failed", "evidence": "the bank's statement"}
    api.code("invalid_request", "POST", resolve, 422, token=finance, body={"outcome": "lost"})
    api.code("forbidden_role", "POST", resolve, 403, token=support, body=found)
    api.code("not_found", "POST", "/v1/admin/refunds/ref_x/resolve", 404, token=finance, body=found)
    assert api("POST", resolve, 200, token=finance, body=found).json()["status"] == "failed"
    problem = api.code("illegal_transition", "POST", resolve, 409, token=finance, body=found)
    assert problem["refundStatus"] == "failed"


# Sessions

def test_sessions(api, tokens, record):
    request = {"userId": "4711", "roles": ["customer"], "ttlSeconds": 60}
    service = tokens["service"]
    issued = api("POST", "/v1/sessions", 201, token=service, body=request).json()["token"]
    api.code("forbidden_role", "POST", "/v1/sessions", 403, token=tokens["admin"], body=request)
    staff = request | {"roles": ["admin"]}
    api.code("forbidden_role", "POST", "/v1/sessions", 403, token=service, body=staff)
    api.code("invalid_request", "POST", "/v1/sessions", 422, token=service, body={"userId": "a b"})
    api.code("invalid_request", "POST", "/v1/sessions", 400, token=service)

    made = api("POST", "/v1/sessions/cookie", 200, token=issued)
    # The cookie is kept by the client, which sends it along from now on; it is sent by hand here.
    api.http.cookies.clear()
    cookie = made.headers["Set-Cookie"].split(";")[0]
    assert cookie == f"session={issued}"
    api("GET", "/v1/orders", 200, Cookie=cookie)
    api.code("unauthenticated", "GET", "/v1/orders", 401, Cookie=cookie, token=issued)
    api("DELETE", "/v1/sessions/current", 204, Cookie=cookie, X_CSRF_Token=made.json()["csrfToken"])
    api.http.cookies.clear()
    api.code("unauthenticated", "GET", "/v1/orders", 401, Cookie=cookie)

    tokens_of_user = [
        api("POST", "/v1/sessions", 201, token=service, body=request).json() for _ in range(4)
    ]
    mine, other, third, last = (made["token"] for made in tokens_of_user)
    api("GET", "/v1/sessions/current", 200, token=mine)
    fresh = api("GET", "/v1/sessions/current", 200, Cookie=f"session={mine}").json()["csrfToken"]
    listed = api("GET", "/v1/sessions", 200, token=mine).json()["items"]
    assert {item["id"] for item in listed} >= {made["id"] for made in tokens_of_user}
    one = f"/v1/sessions/{tokens_of_user[1]['id']}"
    api("DELETE", one, 204, Cookie=f"session={mine}", X_CSRF_Token=fresh)
    api.code("not_found", "DELETE", one, 404, token=mine)
    api.code("unauthenticated", "GET", "/v1/orders", 401, token=other)
    support = tokens["support"]
    of_user = f"/v1/admin/users/{request['userId']}/sessions"
    assert len(api("GET", of_user, 200, token=support).json()["items"]) >= 3
    api("DELETE", "/v1/sessions", 204, token=third)
    api.code("unauthenticated", "GET", "/v1/orders", 401, token=last)
    reason = {"reason": "lost a phone"}
    revoked = api("POST", f"{of_user}/revoke", 200, token=support, body=reason).json()["revoked"]
    assert revoked == 0
    api.code("invalid_request", "POST", f"{of_user}/revoke", 422, token=support, body={})
    api.code("invalid_request", "POST", f"{of_user}/revoke", 400, token=support)
    nobody = "/v1/admin/users/a~b/sessions"
    api.code("not_found", "GET", nobody, 404, token=support)
    api.code("not_found", "POST", f"{nobody}/revoke", 404, token=support, body=reason)

    old = api("POST", "/v1/sessions", 201, token=service, body=request).json()["token"]
    digest = hashlib.sha256(old.encode()).hexdigest()
    record.sql(f"""UPDATE sessions SET created_at = created_at - INTERVAL 1 DAY,
        expires_at = expires_at - INTERVAL 1 DAY WHERE token_hash = UNHEX('{digest}')""")
    api.code("token_expired", "GET", "/v1/orders", 401, token=old)


# Machines

def test_webhook(api):
    body = json.dumps({"id": f"evt_{uuid.uuid4().hex}", "type": "balance.available"}).encode()

    def deliver(status, secret):
        now = str(int(time.time()))
        signed = hmac.new(secret.encode(), now.encode() + b"." + body, hashlib.sha256)
        signature = f"t={now},v1={signed.hexdigest()}"
        return api("POST", "/v1/webhooks/stripe", status, data=body, Stripe_Signature=signature)

    for _ in range(2):
        deliver(200, os.environ["STRIPE_WEBHOOK_SECRET"])
    assert deliver(400, "whsec_another").json()["code"] == "invalid_request"


def test_health_and_metrics(api):
    api("GET", "/health/live", 200)
    ready = api("GET", "/health/ready", 200).json()
    assert {state["status"] for state in ready["dependencies"].values()} == {"up"}
    assert "orderd_http_requests_total{" in api("GET", "/metrics", 200).text


@pytest.mark.parametrize("given, kept", [("my-request_42", True), ("short", False), ("a b" * 5, False)])
def test_request_id(api, given, kept):
    answer = api("GET", "/health/live", 200, X_Request_Id=given)
    assert (answer.headers["X-Request-Id"] == given) == kept


# Fraud

ABROAD = {
    "billing": {
        "name": "Ana Pop",
        "address": {
            "street": "Lange Str. 1", "city": "Berlin", "postalCode": "10115", "country": "DE",
        },
    }
}


def held_order(api, simulator):
    """A guest's order whose money is held until somebody has looked; its id and token."""
    path, token = shop.ready(api)
    api("PATCH", path, 200, body=ABROAD, token=token)
    done = shop.complete(api, path, token)
    order, guest = done["order"]["id"], done["guestToken"]
    simulator.confirm(done["payment"]["clientSecret"])
    summary = shop.wait_for(api, order, guest, "authorized")
    assert summary["status"] == "payment_review"
    return order, guest


def test_refused_for_fraud(api, simulator, key):
    product = {"sku": "SURUB", "name": "Un surub", "price": 100, "stock": 10_000}
    simulator("PUT", "/products", body={"products": [product]})
    path, token = shop.ready(api, [{"sku": "SURUB", "quantity": 999}])
    problem = api.code("payment_refused", "POST", f"{path}/complete", 409, token=token, key=key)
    assert set(problem) == {"type", "title", "status", "detail", "code", "requestId"}


def test_reviews(api, simulator, tokens):
    path, support = "/v1/admin/fraud/reviews", tokens["support"]
    orders = [held_order(api, simulator) for _ in range(2)]
    page = api("GET", f"{path}?size=100", 200, token=support).json()
    waiting = {item["orderId"]: item for item in page["items"]}
    reviews = [waiting[order]["id"] for order, _ in orders]
    reasons = waiting[orders[0][0]]["decisions"][0]["reasons"]
    assert "countries_differ" in [reason["rule"] for reason in reasons]
    api.code("invalid_request", "GET", f"{path}?state=open", 400, token=support)
    api.code("forbidden_role", "GET", path, 403, token=tokens["finance"])

    approval = {"decision": "approve", "reason": "the customer is known"}
    rejection = {"decision": "reject", "reason": "the customer does not answer"}
    first, second = (f"{path}/{review}" for review in reviews)
    api.code("invalid_request", "POST", first, 422, token=support, body={"decision": "approve"})
    api.code("forbidden_role", "POST", first, 403, token=tokens["finance"], body=approval)
    api.code("not_found", "POST", f"{path}/999999999999", 404, token=support, body=approval)

    simulator.fault(
        "POST /stripe/v1/payment_intents/*/capture", kind="status", status=402, times=1,
    )
    begun = api("POST", first, 202, token=support, body=approval).json()
    assert begun["state"] == "approved" and begun["orderStatus"] == "payment_review"
    again = api("POST", first, 200, token=tokens["admin"], body=approval).json()
    assert again["orderStatus"] == "confirmed" and again["decidedBy"] == begun["decidedBy"]
    shop.wait_for(api, orders[0][0], orders[0][1], "paid")
    problem = api.code("illegal_transition", "POST", first, 409, token=support, body=rejection)
    assert problem["reviewStatus"] == "approved"

    ended = api("POST", second, 200, token=support, body=rejection).json()
    assert ended["state"] == "rejected" and ended["orderStatus"] == "rejected"
    assert ended["paymentStatus"] == "cancelled"
