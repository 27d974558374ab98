"""A client whose every answer is compared with the document."""

import json
import os
import subprocess
import uuid

import pytest
import requests

from document import Document
from events import Events


class API:
    def __init__(self, document):
        self.document = document
        self.base = os.environ["BASE_URL"]
        self.http = requests.Session()
        self.http.trust_env = False
        # All that were ever used: guests', sessions' and checkouts'.
        self.tokens = set()

    def __call__(
        self, method, path, expected, body=None, token=None, key=None, data=None,
        media_type="application/json", **headers
    ):
        """Sends a request and fails unless the answer has the expected status and form.

        `body` is sent as JSON, `data` as it is; further arguments are header fields, with `_` for
        `-`. A guest's or session's token is a bearer token.
        """
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.tokens.add(token)
        if token:
            fields["Authorization"] = f"Bearer {token}"
        if key:
            fields["Idempotency-Key"] = key
        if body is not None:
            data = json.dumps(body)
        if data is not None:
            fields.setdefault("Content-Type", media_type)
        response = self.http.request(
            method, self.base + path, data=data, headers=fields, allow_redirects=False
        )
        assert response.status_code == expected, f"{method} {path}: {response.text}"
        self.document.check(method, path, response)
        is_write = method not in ("GET", "HEAD", "OPTIONS")
        if response.ok and is_write and (body is not None or data is None):
            self.document.check_request(method, path, body, media_type)
        return response

    def code(self, code, method, path, expected, **arguments):
        """The same for a problem with this code."""
        problem = self(method, path, expected, **arguments).json()
        assert problem["code"] == code, problem
        return problem


class Simulator:
    """The stand-ins for Stripe, user-service and product-service."""

    def __init__(self):
        self.base = os.environ["SIM_URL"]
        self.http = requests.Session()
        self.http.trust_env = False

    def __call__(self, method, path, body=None, form=None, **arguments):
        response = self.http.request(
            method, self.base + path, json=body, data=form, allow_redirects=False, **arguments
        )
        return response

    def confirm(self, secret, card="pm_card_visa"):
        """What Stripe's script in the browser does."""
        intent = secret.split("_secret_")[0]
        return self(
            "POST", f"/stripe/v1/payment_intents/{intent}/confirm",
            form={"client_secret": secret, "payment_method": card}, auth=("pk_test_browser", ""),
        )

    def fault(self, match, **settings):
        assert self("POST", "/_faults", body={"match": match, **settings}).status_code == 201

    def end_faults(self):
        self("DELETE", "/_faults")


class Record:
    """MariaDB and Redis, to bring about what would take a caller hours."""

    def sql(self, statement):
        socket = os.environ["MARIADB_SOCKET"]
        subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={socket}", "orders"],
            input=statement, text=True, check=True,
        )

    def use_up_attempts(self, customer):
        """Fills the log of a customer's attempts to pay up to what `scripts/test-openapi` allows."""
        script = """local time = redis.call('TIME')
            local now = string.format('%.0f', time[1] * 1000000 + time[2])
            for number = 1, 1000 do redis.call('ZADD', KEYS[1], now, 'test:' .. number) end"""
        subprocess.run(
            ["redis-cli", "-s", os.environ["REDIS_SOCKET"], "eval", script, "1",
             f"payment:rate:{customer}"],
            check=True, stdout=subprocess.DEVNULL,
        )

    def forget_caches(self):
        script = """for _, key in ipairs(redis.call('KEYS', '*')) do
            if key ~= 'orders.events' then redis.call('DEL', key) end end"""
        subprocess.run(
            ["redis-cli", "-s", os.environ["REDIS_SOCKET"], "eval", script, "0"],
            check=True, stdout=subprocess.DEVNULL,
        )


@pytest.fixture(scope="session")
def document():
    return Document()


@pytest.fixture(scope="session")
def api(document):
    return API(document)


@pytest.fixture(scope="session")
def stand_ins():
    return Simulator()


@pytest.fixture
def simulator(stand_ins):
    yield stand_ins
    stand_ins.end_faults()


@pytest.fixture(scope="session")
def record():
    return Record()


@pytest.fixture(scope="session")
def events(api):
    return Events(api)


@pytest.fixture
def key():
    return str(uuid.uuid4())


@pytest.fixture(scope="session")
def tokens():
    names = ("ADMIN", "SUPPORT", "FINANCE", "SERVICE", "CUSTOMER", "CUSTOMER2")
    return {name.lower(): os.environ[f"{name}_TOKEN"] for name in names}
