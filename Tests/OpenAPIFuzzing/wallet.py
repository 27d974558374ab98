"""The credentials that a request is sent with, by what it is about and by its `x-access`."""

import hashlib
import os
import secrets
import subprocess

import requests

STAFF = ("support", "finance", "admin", "service")
SCOPES = "view,pay,invoice,manage"
# How many guests' tokens are made at once.
BATCH = 200


class Wallet:
    """Sessions of every role, and the tokens of what the run itself has made."""

    def __init__(self, random):
        self.random = random
        self.base = os.environ["BASE_URL"]
        self.tokens = {name: os.environ[f"{name.upper()}_TOKEN"] for name in STAFF}
        self.tokens["customer"] = os.environ["CUSTOMER_TOKEN"]
        self.http = requests.Session()
        self.http.trust_env = False
        # Of checkouts and orders by id: the guest's token, or None for the customer's own.
        self.checkouts = {}
        self.orders = {}
        self.guests = []
        self.known = set(self.tokens.values())

    def token(self, operation, variables):
        """A token that the operation takes, for the thing that the path names; None for nobody."""
        name = operation.get("operationId")
        access = operation.get("x-access", ["open"])
        if name == "signOut":
            return self._remember(self.new_session())
        if access == ["guest"]:
            return self._remember(self.new_guest())
        choice = self.random.choice(self._fitting(access, variables))
        if choice in ("open", "nobody"):
            return None
        if choice == "checkout":
            return self.checkouts.get(variables.get("id")) or self.tokens["customer"]
        if choice.startswith("guest:"):
            return self.orders.get(variables.get("id")) or self._any_guest()
        if choice == "session":
            return self.tokens[self.random.choice(list(self.tokens))]
        return self.tokens["customer" if choice == "owner" else choice]

    def _fitting(self, access, variables):
        """Without those who may use the operation, but not see this order."""
        order = variables.get("id")
        if order not in self.orders:
            return access
        stranger = "owner" if self.orders[order] else "guest:"
        return [word for word in access if not word.startswith(stranger)]

    def is_ours(self, header):
        return header is not None and header.removeprefix("Bearer ") in self.known

    def _remember(self, token):
        self.known.add(token)
        return token

    def keep_checkout(self, identifier, token):
        self.checkouts[identifier] = token and self._remember(token)

    def keep_order(self, identifier, token):
        if token or identifier not in self.orders:
            self.orders[identifier] = token and self._remember(token)

    def drop_order(self, identifier):
        self.orders.pop(identifier, None)

    def revive(self):
        """Lets the sessions go on that a request has just ended."""
        hashes = ", ".join(
            f"x'{hashlib.sha256(token.encode()).hexdigest()}'" for token in self.tokens.values()
        )
        sql(f"UPDATE sessions SET revoked_at = NULL WHERE token_hash IN ({hashes})")

    def new_session(self):
        """The token of a customer's session that may be ended."""
        return self.issue_session()["token"]

    def issue_session(self):
        answer = self.http.post(
            f"{self.base}/v1/sessions",
            json={"userId": os.environ["CUSTOMER_ID"], "roles": ["customer"], "ttlSeconds": 3600},
            headers={"Authorization": f"Bearer {self.tokens['service']}"},
        )
        answer.raise_for_status()
        return answer.json()

    def _any_guest(self):
        tokens = [token for token in self.orders.values() if token]
        return self.random.choice(tokens) if tokens else self._remember(self.new_guest())

    def new_guest(self):
        """A guest's token that may be given up."""
        if not self.guests:
            self.guests = [f"gt_{secrets.token_urlsafe(32)}" for _ in range(BATCH)]
            order = next(order for order, token in self.orders.items() if token)
            rows = ", ".join(
                f"(x'{hashlib.sha256(token.encode()).hexdigest()}', {order}, '{SCOPES}',"
                " UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 7 DAY)"
                for token in self.guests
            )
            sql(
                "INSERT INTO guest_tokens (token_hash, order_id, scopes, created_at, expires_at) "
                f"VALUES {rows}"
            )
        return self.guests.pop()


def sql(statement):
    """Carries a statement out in the stack's MariaDB; answers what it prints."""
    return subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={os.environ['MARIADB_SOCKET']}", "-N", "orders"],
        input=statement, text=True, check=True, stdout=subprocess.PIPE,
    ).stdout
