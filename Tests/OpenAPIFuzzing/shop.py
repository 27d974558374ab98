"""What a sensible client would send where chance alone would hardly ever get through."""

import os
import secrets
import time
import uuid

import requests

from wallet import sql

ADDRESS = {
    "street": "Str. Memorandumului 28", "city": "Cluj-Napoca", "county": "RO-CJ",
    "postalCode": "400114", "country": "RO",
}
ITEMS = [{"sku": "CAFEA-250", "quantity": 2}]
DETAILS = {
    "contact": {"name": "Ana Pop", "phone": "+40 722 123 456"},
    "shipping": {"method": "courier", "address": ADDRESS},
}

# By operation; one of them takes the place of a body now and then.
BODIES = {
    "issueSession": [
        {"userId": os.environ["CUSTOMER_ID"], "roles": ["customer"], "ttlSeconds": 600},
    ],
    "startCheckout": [
        {}, {"email": "ana@example.ro", "items": ITEMS},
        {"email": "Ion.Pop@Example.ro", "items": [{"sku": "CAFEA-250", "quantity": 1}]},
    ],
    "changeCheckout": [
        DETAILS, {"items": ITEMS}, {"contact": {"email": "maria@example.ro"}},
        DETAILS | {"billing": {"name": "Ana Pop", "address": ADDRESS}},
    ],
    "completeCheckout": [{}, {"paymentMethod": "card"}, {"paymentMethod": "cash_on_delivery"}],
    "getOrderStates": [{"ids": [1, 2, 3, 2]}, {"ids": list(range(1, 1_001))}],
    "cancelOrders": [{"ids": [999_999_998, 999_999_999, 999_999_998], "reason": "fuzzing"}],
    "requestRefund": [{"reason": "late"}, {"amount": 1, "reason": "a bani back"}],
    "reportFulfilment": [
        {"event": "start"}, {"event": "ship", "carrier": "FAN Courier"}, {"event": "deliver"},
        {"event": "return"},
    ],
    "decideFraudReview": [
        {"decision": "approve", "reason": "spoke with the customer"},
        {"decision": "reject", "reason": "nobody answers"},
    ],
    "issueInvoice": [
        {"reason": "the county was missing", "buyer": {"name": "Ana Pop", "address": ADDRESS}},
    ],
    "orderBreaker": [
        {"mode": "forcedOpen", "reason": "fuzzing", "expiresIn": 60},
        {"mode": "metricsOnly", "reason": "fuzzing", "expiresIn": 60},
    ],
    "receiveStripeWebhook": [
        {"id": "evt_fuzz", "object": "event", "type": "charge.refunded",
         "data": {"object": {"id": "ch_fuzz"}}},
    ],
}


class Shop:
    """Begins a run: carts for customers, an order of a guest."""

    def __init__(self, wallet):
        self.wallet = wallet
        self.base = os.environ["BASE_URL"]
        self.simulator = os.environ["SIM_URL"]
        self.http = requests.Session()
        self.http.trust_env = False

    def open(self):
        self.fill_cart()
        for _ in range(3):
            self.place_order()

    def fill_cart(self):
        """A cart can be bought once: the customer gets a new one."""
        answer = self.http.put(
            f"{self.simulator}/users/{os.environ['CUSTOMER_ID']}/cart", json={"items": ITEMS}
        )
        answer.raise_for_status()

    def place_order(self, items=ITEMS, method="cash_on_delivery"):
        checkout, token = self.prepare_checkout(items)
        body = {"paymentMethod": method}
        done = self._call("POST", f"/{checkout}/complete", body, token)
        self.wallet.keep_order(done["order"]["id"], done["guestToken"])
        return done["order"]["id"]

    def open_review(self):
        """An order that is held for somebody to look at; answers the review's id."""
        order = self.place_order([{"sku": "CAFEA-250", "quantity": 50}])
        return int(sql(f"SELECT id FROM fraud_reviews WHERE order_id = {order}"))

    def bulk_cancel(self):
        """The id of one of an order that there is not, so that the others stay as they are."""
        answer = self.http.post(
            f"{self.base}/v1/orders/bulk/cancel", json=BODIES["cancelOrders"][0],
            headers={
                "Authorization": f"Bearer {self.wallet.tokens['support']}",
                "Idempotency-Key": str(uuid.uuid4()),
            },
        )
        answer.raise_for_status()
        return answer.json()["id"]

    def invoice(self):
        """An order and its invoice; of an order that was made and sent for it, if there is none."""
        found = "SELECT order_id, public_id FROM invoices WHERE number IS NOT NULL LIMIT 1"
        if not sql(found):
            self._send(self.place_order())
        return self._found_invoice(found)

    def rejected_invoice(self):
        """The id of an invoice that waits for a correction: its buyer has no county."""
        found = "SELECT order_id, public_id FROM invoices WHERE state = 'rejected' LIMIT 1"
        if not sql(found):
            order = self.place_order()
            sql(
                "UPDATE orders SET billing = JSON_SET(billing, '$.address.county', NULL) "
                f"WHERE id = {order}"
            )
            self._send(order)
        return self._found_invoice(found)[1]

    def _send(self, order):
        for event in ("start", "ship"):
            self.http.post(
                f"{self.base}/v1/admin/orders/{order}/fulfilment", json={"event": event},
                headers={"Authorization": f"Bearer {self.wallet.tokens['service']}"},
            ).raise_for_status()

    def _found_invoice(self, found):
        limit = time.monotonic() + 30
        while not sql(found):
            assert time.monotonic() < limit, "there is no invoice"
            time.sleep(0.1)
        order, invoice = sql(found).split()
        return int(order), invoice

    def guest_token(self):
        """An order, and the name of its token."""
        order = self.place_order()
        answer = self.http.get(
            f"{self.base}/v1/admin/orders/{order}/guest-tokens",
            headers={"Authorization": f"Bearer {self.wallet.tokens['support']}"},
        )
        answer.raise_for_status()
        return order, answer.json()["items"][0]["id"]

    def resolved_lookup(self):
        """The id of a look-up that a worker has found the order of."""
        order = next(order for order, token in self.wallet.orders.items() if token)
        public_id = f"glk_{secrets.token_urlsafe(32)}"
        sql(
            "INSERT INTO guest_lookups (public_id, order_number, email_digest, requested_at, "
            f"expires_at, resolved_at, order_id) SELECT '{public_id}', number, REPEAT('x', 32), "
            "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 HOUR, UTC_TIMESTAMP(6), id "
            f"FROM orders WHERE id = {order}"
        )
        return public_id

    def prepare_checkout(self, items=ITEMS):
        """A guest's checkout that lacks nothing; answers its id and its token."""
        made = self._call("POST", "", {"email": "ana@example.ro", "items": items})
        checkout, token = made["id"], made["token"]
        self._call("PATCH", f"/{checkout}", DETAILS, token)
        self.wallet.keep_checkout(checkout, token)
        return checkout, token

    def pay(self, secret):
        """What Stripe's script in the browser does."""
        intent = secret.split("_secret_")[0]
        self.http.post(
            f"{self.simulator}/stripe/v1/payment_intents/{intent}/confirm",
            data={"client_secret": secret, "payment_method": "pm_card_visa"},
            auth=("pk_test_browser", ""),
        )

    def free_breaker(self, name):
        """Lets a breaker decide by itself again; what is ordered to MariaDB's, the record undoes."""
        order = {"mode": "auto", "reason": "fuzzing goes on"}
        limit = time.monotonic() + 30
        while self._order(name, order) != 200:
            assert time.monotonic() < limit, f"{name} does not come back"
            sql(
                "INSERT INTO breaker_order_log (name, mode, reason, who, set_at) "
                f"VALUES ('{name}', 'auto', 'fuzzing goes on', 'cli:fuzz', UTC_TIMESTAMP(6)); "
                "UPDATE breaker_orders SET mode = 'auto', expires_at = NULL, "
                f"set_at = UTC_TIMESTAMP(6), revision = LAST_INSERT_ID() WHERE name = '{name}'"
            )
            time.sleep(0.2)

    def _order(self, name, order):
        return self.http.post(
            f"{self.base}/v1/admin/breakers/{name}", json=order,
            headers={"Authorization": f"Bearer {self.wallet.tokens['admin']}"},
        ).status_code

    def _call(self, method, path, body, token=None):
        fields = {"Idempotency-Key": str(uuid.uuid4())}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        answer = self.http.request(
            method, f"{self.base}/v1/checkout/sessions{path}", json=body, headers=fields
        )
        answer.raise_for_status()
        return answer.json()
