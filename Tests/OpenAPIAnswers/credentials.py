"""Every kind of credential that a caller may show, made straight in the record."""

import base64
import copy
import hashlib
import os
import secrets

SCOPES = ("view", "pay", "invoice", "manage")
STAFF = ("support", "finance", "admin", "service")

# What nobody is known by; all of these are 401 wherever credentials are looked at.
INVALID = (
    "another scheme", "a malformed token", "a token of unknown kind", "an unknown session",
    "an unknown guest", "an expired session", "a revoked session", "an expired admin",
    "a revoked admin", "an expired guest", "a revoked guest", "bearer and cookie",
    "an expired cookie", "a revoked cookie", "a guest in a cookie", "a malformed cookie",
    "two cookies", "a cookie of another name", "a session in other capitals", "a long token",
)
# A cookie reads; to write it needs its token as well, which it is told.
COOKIES = ("owner by cookie", "owner by cookie and its token")
SESSIONS = ("owner", "other customer", *STAFF)
GUESTS = (*(f"guest:{scope}" for scope in SCOPES), "guest of another order")
CHECKOUTS = ("checkout token", "another checkout token")
ALL = ("nobody", *INVALID, *COOKIES, *SESSIONS, *GUESTS, *CHECKOUTS)


def token(prefix):
    return prefix + secrets.token_urlsafe(32)


class Credentials:
    """Fields of a request's header for each kind; sessions and guests are new each time."""

    def __init__(self, api, record, order, other_order, invoice):
        self.api = api
        self.record = record
        self.order = order
        self.invoice = invoice
        self.other_order = other_order
        self.customer = os.environ["CUSTOMER_ID"]
        self.other_customer = os.environ["CUSTOMER2_ID"]

    def elsewhere(self):
        """The same for other users, whose sessions nothing else needs."""
        others = copy.copy(self)
        others.customer, others.other_customer = "matrix-1", "matrix-2"
        return others

    def user(self, kind):
        """Whose session a kind is."""
        if kind in STAFF:
            return f"{kind}-9"
        return self.other_customer if kind == "other customer" else self.customer

    def fields(self, kind, checkout_token=None):
        if kind == "nobody":
            return {}
        if kind == "another scheme":
            return {"Authorization": "Basic YTpi"}
        if kind == "bearer and cookie":
            session = self.session(self.customer, "customer")
            return bearer(session) | cookie(session)
        if "cookie" in kind:
            return self._cookie(kind)
        return bearer(self._token(kind, checkout_token))

    def _cookie(self, kind):
        if kind in ("an expired cookie", "a revoked cookie"):
            return cookie(self.session(self.customer, "customer", state(kind)))
        if kind == "a guest in a cookie":
            return cookie(self.guest(self.order, ",".join(SCOPES)))
        session = self.session(self.customer, "customer")
        if kind == "a malformed cookie":
            return cookie(session[:-1])
        if kind == "two cookies":
            return {"Cookie": f"session={session}; session={session}"}
        if kind == "a cookie of another name":
            return {"Cookie": f"__Host-session={session}"}
        if kind == "owner by cookie":
            return cookie(session)
        current = self.api("GET", "/v1/sessions/current", 200, **cookie(session)).json()
        return cookie(session) | {"X-CSRF-Token": current["csrfToken"]}

    def _token(self, kind, checkout_token):
        if kind == "a malformed token":
            return token("st_")[:-1]
        if kind == "a session in other capitals":
            return "st_" + self.session(self.customer, "customer")[3:].swapcase()
        if kind == "a long token":
            return self.session(self.customer, "customer") + "A" * 4_000
        if kind == "a token of unknown kind":
            return token("xx_")
        if kind == "an unknown session":
            return token("st_")
        if kind == "an unknown guest":
            return token("gt_")
        if kind == "checkout token":
            return checkout_token or token("cs_")
        if kind == "another checkout token":
            return token("cs_")
        if kind in GUESTS:
            if kind == "guest of another order":
                return self.guest(self.other_order, ",".join(SCOPES))
            return self.guest(self.order, kind.removeprefix("guest:"))
        if kind.endswith(" guest"):
            return self.guest(self.order, ",".join(SCOPES), state(kind))
        if kind.endswith((" session", " admin")):
            role = "admin" if kind.endswith("admin") else "customer"
            return self.session(self.customer, role, state(kind))
        return self.session(self.user(kind), kind if kind in STAFF else "customer")

    def session(self, user, role, state="valid"):
        made = token("st_")
        self._insert("sessions (token_hash, user_id, roles", made, f"'{user}', '{role}'", state)
        return made

    def session_id(self, user):
        """The id, which is no secret, of a new session of a user."""
        id = secrets.token_bytes(16)
        values = f"'{user}', 'customer', x'{id.hex()}'"
        self._insert("sessions (token_hash, user_id, roles, id", token("st_"), values, "valid")
        return "ses_" + base64.urlsafe_b64encode(id).decode().rstrip("=")

    def guest(self, order, scopes, state="valid"):
        made = token("gt_")
        self._insert("guest_tokens (token_hash, order_id, scopes", made, f"{order}, '{scopes}'", state)
        return made

    def _insert(self, columns, made, values, state):
        digest = hashlib.sha256(made.encode()).hexdigest()
        now = "UTC_TIMESTAMP(6)"
        expiry = f"{now} {'- INTERVAL 1 SECOND' if state == 'expired' else '+ INTERVAL 1 HOUR'}"
        revocation = f"{now} - INTERVAL 1 SECOND" if state == "revoked" else "NULL"
        self.record.sql(
            f"INSERT INTO {columns}, created_at, expires_at, revoked_at) VALUES "
            f"(x'{digest}', {values}, {now} - INTERVAL 1 DAY, {expiry}, {revocation})"
        )


def state(kind):
    return kind.split(" ")[1]


def bearer(value):
    return {"Authorization": f"Bearer {value}"}


def cookie(value):
    return {"Cookie": f"session={value}"}
