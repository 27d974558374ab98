"""The stream of events, read as a consumer reads it, and the schemas that the service serves."""

import json
import os
import pathlib
import subprocess
import time

import jsonschema
import redis
import referencing
import referencing.jsonschema

ROOT = pathlib.Path(__file__).parents[2]
STREAM = "orders.events"
TYPES = {path.name[: -len(".v1.json")] for path in (ROOT / "nginx/html/events").glob("*.json")}
TYPES -= {"envelope"}


class Events:
    def __init__(self, api):
        self.redis = redis.Redis(
            unix_socket_path=os.environ["REDIS_SOCKET"], decode_responses=True
        )
        self.api = api
        self.registry = referencing.Registry(retrieve=self._retrieve)

    def texts(self):
        """Every event of the stream as it was sent."""
        return [fields["event"] for _, fields in self.redis.xrange(STREAM)]

    def all(self):
        return [json.loads(text) for text in self.texts()]

    def of(self, order):
        """An order's events, one of each id, oldest first."""
        return {event["id"]: event for event in self.all() if event["orderId"] == order}.values()

    def wait_for(self, order, *types, patience=10):
        """Waits until just these types have been told of an order; answers its events.

        What is told of invoices comes in its own time, and counts only where it is asked for.
        """
        limit = time.monotonic() + patience
        counts_invoices = any(name.startswith("invoice.") for name in types)
        while True:
            events = [
                event for event in self.of(order)
                if counts_invoices or not event["type"].startswith("invoice.")
            ]
            if sorted(event["type"] for event in events) == sorted(types):
                return events
            assert time.monotonic() < limit, events
            time.sleep(0.05)

    def faults(self, event):
        """What is wrong with an event by its type's schema."""
        uri = self.uri(f"{event['type']}.v{event['schemaVersion']}.json")
        validator = jsonschema.Draft202012Validator(
            {"$ref": uri},
            registry=self.registry,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )
        return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(event)]

    def uri(self, name):
        return f"{self.api.base}/events/{name}"

    def _retrieve(self, uri):
        answer = self.api.http.get(uri)
        assert answer.status_code == 200, f"{uri}: {answer.text}"
        assert answer.headers["Content-Type"] == "application/schema+json"
        schema = answer.json()
        jsonschema.Draft202012Validator.check_schema(schema)
        return referencing.Resource(
            contents=schema, specification=referencing.jsonschema.DRAFT202012
        )


def orderd(*command, **arguments):
    """`orderd` with the settings of the stack under test."""
    return subprocess.Popen(
        [ROOT / "scripts/orderd", *command], stdout=subprocess.PIPE, text=True, **arguments
    )
