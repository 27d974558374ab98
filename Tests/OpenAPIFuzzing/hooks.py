"""What a run needs besides the document: credentials, a shop to buy in, and no lasting damage."""

import atexit
import copy
import hashlib
import hmac
import os
import random
import re
import sys
import time

import requests.auth
import schemathesis

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from shop import BODIES, Shop  # noqa: E402
from wallet import Wallet  # noqa: E402

RANDOM = random.Random(int(os.environ["FUZZ_SEED"]))
WALLET = Wallet(RANDOM)
SHOP = Shop(WALLET)
SHOP.open()

# Operations that were asked, and those that answered with what was asked for, at least once.
ASKED, ACCEPTED = set(), set()

# Operations that end sessions, perhaps those that the run itself uses.
ENDING = {"signOutEverywhere", "revokeOwnSession", "signUserOut", "signOut"}

# How often a well formed request is about something that exists, and has a body as clients have.
SENSIBLE = 0.4


class StripeSignature(requests.auth.AuthBase):
    """Signs what is sent as Stripe does, when it is sent."""

    def __call__(self, request):
        # A request that is to come without one, or with a bad one, is sent so.
        if not re.fullmatch("t=[0-9]+,v1=[0-9a-f]{64}", request.headers.get("Stripe-Signature", "")):
            return request
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        now = int(time.time())
        secret = os.environ["STRIPE_WEBHOOK_SECRET"].encode()
        signature = hmac.new(secret, f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        request.headers["Stripe-Signature"] = f"t={now},v1={signature}"
        return request


# The first that has something for an operation is taken.
schemathesis.auth.set_from_requests(StripeSignature()).apply_to(path="/v1/webhooks/stripe")


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """One of the credentials that an operation takes, anew for each request."""

    def get(self, case, context):
        return WALLET.token(context.operation.definition.raw, case.path_parameters or {})

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Names things that exist, to whoever may see them, and sends what clients send."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        make_sensible(case)
    # The thing may be known only now, along a link or from above; and a token that one request
    # has used up is of no use to the next.
    if WALLET.is_ours(case.headers.get("Authorization")):
        token = WALLET.token(case.operation.definition.raw, case.path_parameters or {})
        if token is not None:
            case.headers["Authorization"] = f"Bearer {token}"


def make_sensible(case):
    path, operation = case.operation.path, operation_id(case)
    is_named = "{id}" in path or "{jobId}" in path
    if is_named and "/resolve" not in path and RANDOM.random() < SENSIBLE:
        name_something(case, path)
    # Without a body it is a customer's cart, and nobody has one; no schema can say so.
    is_nobodys = operation == "startCheckout" and not WALLET.is_ours(
        case.headers.get("Authorization")
    )
    is_empty = not isinstance(case.body, dict)
    if operation in BODIES and (RANDOM.random() < SENSIBLE or (is_nobodys and is_empty)):
        case.body = copy.deepcopy(RANDOM.choice(BODIES[operation]))
    if operation == "issueGuestLink" and RANDOM.random() < SENSIBLE:
        case.body = {"lookupId": SHOP.resolved_lookup()}


def name_something(case, path):
    """Lets a path name something that there is."""
    if path == "/v1/sessions/{id}":
        case.path_parameters["id"] = WALLET.issue_session()["id"]
    elif path == "/v1/admin/fraud/reviews/{id}":
        case.path_parameters["id"] = SHOP.open_review()
    elif "{jobId}" in path:
        case.path_parameters["jobId"] = SHOP.bulk_cancel()
    elif path.endswith("/invoices/{id}/issue"):
        case.path_parameters["id"] = SHOP.rejected_invoice()
    elif "/invoices/{" in path:
        order, invoice = SHOP.invoice()
        is_order = "{invoiceId}" in path
        case.path_parameters |= {"id": order, "invoiceId": invoice} if is_order else {"id": invoice}
    elif "{tokenId}" in path:
        order, token = SHOP.guest_token()
        case.path_parameters |= {"id": order, "tokenId": token}
    else:
        case.path_parameters["id"] = some_id(path)


def some_id(path):
    if path.endswith("/complete"):
        return SHOP.prepare_checkout()[0]
    if path.endswith("/orders/{id}/payments"):
        return SHOP.place_order(method="card")
    return RANDOM.choice(list(WALLET.checkouts if "/checkout/" in path else WALLET.orders))


@schemathesis.hook
def after_call(context, case, response):
    """Keeps what was made, and takes back what would leave nothing to try."""
    operation = operation_id(case)
    ASKED.add(operation)
    if response.status_code < 400 and case.method.upper() == case.operation.method.upper():
        ACCEPTED.add(operation)
    if response.status_code == 201 and operation == "startCheckout":
        made = response.json()
        WALLET.keep_checkout(made["id"], made.get("token"))
    elif response.status_code == 201 and operation == "completeCheckout":
        done = response.json()
        WALLET.keep_order(done["order"]["id"], done.get("guestToken"))
        SHOP.fill_cart()
        if done["payment"].get("clientSecret") and RANDOM.random() < 0.5:
            SHOP.pay(done["payment"]["clientSecret"])
    elif response.status_code == 200 and operation == "listOwnOrders":
        for order in response.json()["items"]:
            WALLET.keep_order(order["id"], None)
    elif response.status_code < 400 and operation in ENDING:
        WALLET.revive()
    elif response.status_code < 300 and operation == "revokeGuestTokens":
        # Its tokens are dead; there is to be an order of a guest all the same.
        WALLET.drop_order(case.path_parameters["id"])
        SHOP.place_order()
    elif response.status_code == 200 and operation == "orderBreaker":
        SHOP.free_breaker(response.json()["name"])


@atexit.register
def tell_what_was_reached():
    """A run that only ever meets refusals passes as well, and shows nothing."""
    never = ", ".join(sorted(ASKED - ACCEPTED)) or "none"
    print(f"accepted at least once: {len(ACCEPTED)} of {len(ASKED)} operations; never: {never}")


def operation_id(case):
    return case.operation.definition.raw.get("operationId")
