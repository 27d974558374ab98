"""Every operation with every kind of credential, by what its `x-access` says."""

import os

import pytest
import requests

import credentials
import shop
from document import Document

OPERATIONS = list(Document().operations())
WORDS = {
    "open", "nobody", "session", "customer", "owner", "guest", "checkout",
    *credentials.STAFF, *(f"guest:{scope}" for scope in credentials.SCOPES),
}
CASES = [
    pytest.param(method, path, operation, kind, id=f"{method} {path} {kind}")
    for method, path, operation in OPERATIONS
    for kind in credentials.ALL
]
ADMITTED = "admitted"


def verdict(words, method, path, kind):
    """What a caller gets: a status that refuses, or `ADMITTED`."""
    if "open" in words:
        return ADMITTED
    if kind in credentials.INVALID:
        return 401
    if kind in credentials.COOKIES:
        if kind == "owner by cookie" and method != "GET":
            return 403
        # Its token is what is exchanged.
        return 401 if path == "/v1/sessions/cookie" else of_session(words, "owner")
    if kind == "nobody":
        return ADMITTED if "nobody" in words else 401
    if kind in credentials.SESSIONS:
        return of_session(words, kind)
    if "nobody" in words:
        return 403
    if kind in credentials.GUESTS:
        return of_guest(words, path, kind)
    if "checkout" in words:
        return ADMITTED if kind == "checkout token" else 404
    return 401


def of_session(words, kind):
    role = kind if kind in credentials.STAFF else "customer"
    if "session" in words or role in words:
        return ADMITTED
    if "owner" in words or "checkout" in words:
        # What a caller may not see is 404, not 403.
        return ADMITTED if kind == "owner" else 404
    return 403 if words & {"customer", *credentials.STAFF} else 401


def of_guest(words, path, kind):
    scopes = credentials.SCOPES if "another" in kind else (kind.removeprefix("guest:"),)
    if "guest" in words:
        return ADMITTED
    if not words & ({"owner"} | {f"guest:{scope}" for scope in credentials.SCOPES}):
        return 401
    is_its_own = "{id}" not in path or "another" not in kind
    return ADMITTED if is_its_own and words & {f"guest:{scope}" for scope in scopes} else 404


@pytest.fixture(scope="module")
def scene(api, record, stand_ins, tokens):
    """One order of a customer, which has guests as well and an invoice, and another one."""
    order = shop.customers_order(
        api, stand_ins, tokens["customer"], os.environ["CUSTOMER_ID"],
        {"paymentMethod": "cash_on_delivery"},
    )
    shop.wait_for_event(api, order, tokens["support"], "reservation.committed")
    invoice = shop.ship(api, order, tokens["service"])[0]["id"]
    other, _, _ = shop.order(api)
    return credentials.Credentials(api, record, order, other, invoice)


def target(api, stand_ins, scene, path, kind):
    """A path of things that exist, and the token of its checkout session if it has one."""
    if "/checkout/sessions/{id}" in path:
        if kind in (*credentials.SESSIONS, *credentials.COOKIES):
            owner = scene.session(scene.customer, "customer")
            stand_ins("PUT", f"/users/{scene.customer}/cart", body={"items": shop.ITEMS})
            made = api("POST", shop.SESSIONS, 201, body={}, token=owner).json()
            return path.replace("{id}", made["id"]), None
        place, token = shop.start(api)
        return path.replace("{id}", place.rsplit("/", 1)[1]), token
    if "{jobId}" in path:
        # Of an order that there is not, so that the others stay as they are.
        return path.replace("{jobId}", shop.cancel_all(api, [999_999_999])["id"]), None
    if path == "/v1/sessions/{id}":
        return path.replace("{id}", scene.session_id(scene.user(kind))), None
    path = path.replace("/invoices/{id}", f"/invoices/{scene.invoice}")
    path = path.replace("{invoiceId}", scene.invoice)
    # A cache of which no other check needs anything.
    name = "cart" if path.startswith("/v1/admin/caches/") else "stripe-read"
    path = path.replace("{userId}", scene.customer).replace("{name}", name)
    path = path.replace("{tokenId}", "gtk_nothing").replace("{key}", "nothing")
    return path.replace("{id}", str(scene.order)), None


@pytest.mark.parametrize("method, path, operation", OPERATIONS)
def test_every_operation_says_who_may_use_it(method, path, operation):
    words = operation.get("x-access")
    assert words and set(words) <= WORDS


@pytest.mark.parametrize("method, path, operation, kind", CASES)
def test_access(api, document, stand_ins, scene, method, path, operation, kind):
    expected = verdict(set(operation["x-access"]), method, path, kind)
    if (method, path) == ("DELETE", "/v1/sessions"):
        scene = scene.elsewhere()
    place, checkout_token = target(api, stand_ins, scene, path, kind)
    fields = scene.fields(kind, checkout_token)
    # Without body and key: who is admitted to a write is told what it lacks, and nothing is done.
    # A connection of its own, which no cookie of an earlier answer goes along with.
    with requests.Session() as http:
        http.trust_env = False
        answer = http.request(method, api.base + place, headers=fields)
    document.check(method, place, answer)
    if expected == ADMITTED:
        assert answer.status_code not in (401, 403, 404), answer.text
        if path == "/v1/guest/order":
            own = scene.other_order if "another" in kind else scene.order
            assert answer.json()["id"] == own
        return
    assert answer.status_code == expected, answer.text
    assert set(answer.json()) == {"type", "title", "status", "detail", "code", "requestId"}
    codes = {401: {"unauthenticated", "token_expired"}, 403: {"forbidden_role", "csrf_failed"},
             404: {"not_found", "order_not_found"}}
    assert answer.json()["code"] in codes[expected]
    # A guest's token is revoked by ending its life.
    has_ended = kind.startswith("an expired") or kind == "a revoked guest"
    assert (answer.json()["code"] == "token_expired") == has_ended
