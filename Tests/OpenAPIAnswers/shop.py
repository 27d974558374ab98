"""What customers and guests do, for tests to begin where they like."""

import os
import time
import uuid

ADDRESS = {
    "street": "Str. Memorandumului 28", "city": "Cluj-Napoca", "county": "RO-CJ",
    "postalCode": "400114", "country": "RO",
}
DETAILS = {
    "contact": {"name": "Ana Pop", "phone": "+40 722 123 456"},
    "shipping": {"method": "courier", "address": ADDRESS},
}
ITEMS = [{"sku": "CAFEA-250", "quantity": 2}]
SESSIONS = "/v1/checkout/sessions"


def start(api, items=ITEMS, email="ana@example.ro"):
    """A guest's checkout session; answers its path and its token."""
    made = api("POST", SESSIONS, 201, body={"email": email, "items": items}).json()
    return f"{SESSIONS}/{made['id']}", made["token"]


def ready(api, items=ITEMS, method="courier", email="ana@example.ro"):
    """The same, with everything that completing needs."""
    path, token = start(api, items, email)
    details = DETAILS | {"shipping": {"method": method, "address": ADDRESS}}
    api("PATCH", path, 200, body=details, token=token)
    return path, token


def complete(api, path, token, body=None):
    return api(
        "POST", f"{path}/complete", 201, body=body, token=token, key=str(uuid.uuid4())
    ).json()


def order(api, body=None):
    """A guest's order that was just placed: id, guest token, payment."""
    done = complete(api, *ready(api), body=body)
    return done["order"]["id"], done["guestToken"], done["payment"]


def wait_for(api, order_id, token, status, patience=10):
    """Waits until the order's payment has a status; answers the summary."""
    limit = time.monotonic() + patience
    while True:
        summary = api("GET", f"/v1/orders/{order_id}", 200, token=token).json()
        if summary["paymentStatus"] == status:
            return summary
        assert time.monotonic() < limit, summary
        time.sleep(0.05)


def wait_for_event(api, order_id, staff, event, patience=10):
    """Waits until the history has an event, as the worker's changes bump the version, too."""
    limit = time.monotonic() + patience
    while True:
        history = api("GET", f"/v1/orders/{order_id}/events", 200, token=staff).json()
        if any(item["event"] == event for item in history["items"]):
            return
        assert time.monotonic() < limit, history
        time.sleep(0.05)


def customers_order(api, simulator, token, user_id, body=None):
    """A signed-in customer's order, from the cart."""
    simulator("PUT", f"/users/{user_id}/cart", body={"items": ITEMS})
    made = api("POST", SESSIONS, 201, body={}, token=token).json()
    path = f"{SESSIONS}/{made['id']}"
    api("PATCH", path, 200, body=DETAILS, token=token)
    return complete(api, path, token, body)["order"]["id"]


def cancel_all(api, ids, key=None):
    """Has support cancel orders; answers what was taken down."""
    body = {"ids": ids, "reason": "recalled"}
    return api(
        "POST", "/v1/orders/bulk/cancel", 202, body=body, token=os.environ["SUPPORT_TOKEN"],
        key=key or str(uuid.uuid4()),
    ).json()


def ship(api, order_id, service):
    """Sends an order; answers its documents, of which there is one at last."""
    path = f"/v1/admin/orders/{order_id}/fulfilment"
    for event in ("start", "ship"):
        api("POST", path, 200, token=service, body={"event": event})
    return wait_for_invoices(api, order_id, service, 1)


def wait_for_invoices(api, order_id, staff, count, patience=10):
    """Waits until an order has so many invoices and credit notes; answers them."""
    limit = time.monotonic() + patience
    while True:
        items = api("GET", f"/v1/orders/{order_id}/invoices", 200, token=staff).json()["items"]
        if len(items) == count:
            return items
        assert time.monotonic() < limit, items
        time.sleep(0.05)
