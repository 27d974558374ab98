"""Whether everything in the document has been seen; comes last."""

import os
import pathlib
import re
import subprocess

IS_PRIVATE = "PRIVATE_STACK" in os.environ

# What cannot be brought about from outside: our own faults, and what nginx keeps from us.
UNSEEN_STATUSES = {"500"} | (set() if IS_PRIVATE else {"503"})
UNSEEN_ANSWERS = {("GET /metrics", "404")}
UNSEEN_CODES = {"internal", "overloaded", "malformed_length", "header_fields_too_large"}


if IS_PRIVATE:

    def test_no_token_is_in_a_log(api):
        logs = list(pathlib.Path(os.environ["RUN_DIR"], "log").iterdir())
        assert {"nginx.log", "orderd-serve.log"} <= {log.name for log in logs}
        used = {token[3:] for token in api.tokens if token and len(token) > 20}
        assert len(used) > 10
        for log in logs:
            text = log.read_text(errors="replace")
            assert not re.search(r"\b(st|gt|cs)_[A-Za-z0-9_-]{43}", text), log
            assert not [token for token in used if token in text], log

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
