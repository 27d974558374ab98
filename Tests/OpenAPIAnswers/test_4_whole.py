"""Whether everything in the document has been seen; comes last."""

import os
import subprocess

IS_PRIVATE = "PRIVATE_STACK" in os.environ

# What cannot be brought about from outside: our own faults, and what nginx keeps from us.
UNSEEN_STATUSES = {"500"} | (set() if IS_PRIVATE else {"503"})
UNSEEN_ANSWERS = {("GET /metrics", "404")}
UNSEEN_CODES = {"internal", "overloaded", "malformed_length", "header_fields_too_large"}


if IS_PRIVATE:

    def test_nobody_answers(api, document):
        subprocess.run([os.environ["PRIVATE_STACK"], "stop", "orderd-serve"], check=True)
        for method, path, _ in document.operations():
            api.code("dependency_unavailable", method, document.instance(path), 503)


def test_everything_documented_was_seen(document):
    documented = {
        (f"{method} {path}", status)
        for method, path, operation in document.operations()
        for status in operation["responses"]
        if status not in UNSEEN_STATUSES
    }
    assert documented - document.seen - UNSEEN_ANSWERS == set()
    assert set(document.schema_names("ProblemCode")) - document.codes == UNSEEN_CODES
