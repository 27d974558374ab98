"""Fixtures: the SDK pointed at the simulator, a clean simulator, a receiver of webhooks."""

import http.server
import json
import os
import queue
import threading
import urllib.request

import pytest
import stripe

SIM_URL = os.environ["SIM_URL"].rstrip("/")
SECRET = "whsec_sim"


class Simulator:
    """The routes by which tests steer the simulator."""

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(SIM_URL + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def fault(self, match, kind, **more):
        return self.call("POST", "/_faults", {"match": match, "kind": kind, **more})

    def end_faults(self):
        self.call("DELETE", "/_faults")

    def advance(self, seconds):
        self.call("POST", "/_clock", {"advanceSeconds": seconds})

    def state(self):
        return self.call("GET", "/_state")


class Receiver:
    """A web server that keeps the webhooks it gets and answers with `status`."""

    def __init__(self):
        self.deliveries = queue.Queue()
        self.status = 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.status
                receiver.deliveries.put((body, self.headers["Stripe-Signature"], status))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        """The next delivery as (body, signature, status answered)."""
        return self.deliveries.get(timeout=20)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def sim():
    simulator = Simulator()
    simulator.call("POST", "/_reset")
    stripe.api_base = SIM_URL + "/stripe"
    stripe.api_key = os.environ.get("SIM_STRIPE_SECRET_KEY", "sk_test_sim")
    stripe.max_network_retries = 0
    yield simulator
    simulator.call("POST", "/_reset")


@pytest.fixture
def receiver(sim):
    receiver = Receiver()
    sim.call("POST", "/_webhooks", {"url": receiver.url, "secrets": [SECRET]})
    yield receiver
    receiver.close()


@pytest.fixture
def pay():
    """Makes a paid PaymentIntent."""

    def pay(amount=5000, method="pm_card_visa", **more):
        return stripe.PaymentIntent.create(
            amount=amount, currency="ron", payment_method=method, confirm=True, **more
        )

    return pay
