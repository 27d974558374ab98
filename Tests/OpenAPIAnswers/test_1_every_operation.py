"""What every operation answers alike. The paths' variables stand for things that do not exist."""

import http.client
import json

import pytest

from document import Document

DOCUMENT = Document()
OPERATIONS = [
    pytest.param(method, DOCUMENT.instance(path), operation, id=f"{method} {path}")
    for method, path, operation in DOCUMENT.operations()
]
EVERY = pytest.mark.parametrize("method, path, operation", OPERATIONS)


def documents(operation, status):
    return str(status) in operation["responses"]


@EVERY
def test_unreadable_http(api, method, path, operation):
    api.code("invalid_request", method, path, 400, X_Large="a" * 9_000)


@EVERY
def test_too_large_a_body(api, method, path, operation):
    api.code("body_too_large", method, path, 413, data=b" " * 1_048_577)


@EVERY
def test_another_media_type(api, method, path, operation):
    if documents(operation, 415):
        api.code(
            "unsupported_media_type", method, path, 415, data=b"a=1", media_type="text/plain"
        )


@EVERY
def test_credentials_that_do_not_hold(api, method, path, operation):
    if documents(operation, 401):
        api.code("unauthenticated", method, path, 401, token="st_" + "A" * 43)
        api.code("unauthenticated", method, path, 401, token="anything")


@EVERY
def test_no_credentials(api, method, path, operation):
    if documents(operation, 401) and {} not in operation["security"]:
        api.code("unauthenticated", method, path, 401)


@EVERY
def test_a_write_by_cookie_without_its_token(api, tokens, method, path, operation):
    if documents(operation, 403) and method != "GET":
        api.code("csrf_failed", method, path, 403, Cookie=f"session={tokens['customer']}")


@EVERY
def test_head_and_options(api, method, path, operation):
    api("OPTIONS", path, 204)
    if method == "GET":
        plain = api.http.get(api.base + path)
        head = api.http.head(api.base + path)
        assert head.status_code == plain.status_code and not head.content


@EVERY
def test_another_method(api, method, path, operation):
    allowed = api("OPTIONS", path, 204).headers["Allow"]
    problem = api.http.put(api.base + path)
    assert problem.status_code == 405 and problem.headers["Allow"] == allowed
    api.code("method_not_allowed", "PUT", path, 405)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/orders/", "/v2/orders", "/V1/orders"])
def test_unknown_path(api, path):
    api.code("not_found", "GET", path, 404)


@pytest.mark.parametrize("path", [
    "//v1/orders", "/v1//orders", "/v1/./orders", "/v1/../v1/orders", "/v1/orders/..", "/../v1/orders",
    "/v1%2forders", "/v1/%2e%2e/metrics", "/v1/orders;a=b", "/v1/orders%3ba", "/v1%5corders",
    "/v1/orders%252f7", "/x/..%2fmetrics", "/events/../openapi.yaml", "/v1/orders%00",
])
def test_a_path_of_another_spelling(api, path):
    # As it stands: a client that tidies paths would test itself.
    address, port = api.base.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(address, int(port))
    connection.putrequest("GET", path)
    connection.endheaders()
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    assert (answer.status, problem["code"]) == (400, "invalid_request"), problem
    assert problem["requestId"] == answer.headers["X-Request-Id"]
