"""The OpenAPI document, and whether an answer is one that it describes."""

import pathlib

import jsonschema
import referencing
import referencing.jsonschema
import yaml

PATH = pathlib.Path(__file__).parents[2] / "nginx/html/openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")
URI = "urn:openapi"

# What every answer carries, whoever makes it.
SECURITY_HEADERS = {
    "x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy",
}

# What HTTP and the web server add to every answer, and what forbids keeping one.
ORDINARY_HEADERS = {
    "cache-control", "connection", "content-length", "content-type", "date", "keep-alive",
    "server", "transfer-encoding", "vary", *SECURITY_HEADERS,
}


class Document:
    def __init__(self):
        self.root = yaml.safe_load(PATH.read_text())
        resource = referencing.Resource(
            contents=self.root, specification=referencing.jsonschema.DRAFT202012
        )
        self.registry = referencing.Registry().with_resource(URI, resource)
        # What has been seen of (operation, status) and of problem codes.
        self.seen = set()
        self.codes = set()

    def operations(self):
        """Every (method, path, operation), methods in capitals."""
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def schema_names(self, name):
        return self.root["components"]["schemas"][name]["enum"]

    def instance(self, template):
        """A path for a template; its variables stand for things that do not exist."""
        for name, value in (
            ("userId", "1001"), ("id", "4711"), ("name", "nothing"), ("tokenId", "gtk_nothing"),
            ("key", "nothing"), ("jobId", "nothing"), ("invoiceId", "inv_nothing"),
        ):
            template = template.replace(f"{{{name}}}", value)
        return template

    def template(self, path):
        """The path of the document that a request's path is an instance of, or None."""
        asked = path.split("?")[0].split("/")
        best = None
        for candidate in self.root["paths"]:
            parts = candidate.split("/")
            if len(parts) == len(asked) and all(
                part == given or (part.startswith("{") and given)
                for part, given in zip(parts, asked)
            ):
                if best is None or "{" in best:
                    best = candidate
        return best

    def check(self, method, path, response):
        """Fails with what differs unless the answer is one that the document describes."""
        template = self.template(path)
        status = str(response.status_code)
        item = self.root["paths"].get(template, {})
        operation = "get" if method == "HEAD" and "get" in item else method.lower()
        if operation in item:
            known = item[operation]["responses"]
            assert status in known, f"{method} {template} does not document {status}: {response.text}"
            self.seen.add((f"{operation.upper()} {template}", status))
            pointer = f"/paths/{escaped(template)}/{operation}/responses/{status}"
        elif template and method == "OPTIONS":
            assert status == "204" and response.headers["Allow"] and not response.content
            return
        elif template:
            pointer = "/components/responses/MethodNotAllowed"
            assert status == "405"
        elif status == "400":
            pointer = "/components/responses/BadRequest"
        else:
            pointer = "/components/responses/NotFound"
            assert status == "404"
        self._check_answer(pointer, response, has_body=method != "HEAD")

    def _check_answer(self, pointer, response, has_body):
        described, pointer = self._resolve(pointer)
        self._check_headers(described.get("headers", {}), pointer, response)
        content = described.get("content")
        if not content:
            assert not response.content, f"{pointer} has no body: {response.text}"
            return
        media_type = response.headers["Content-Type"].split(";")[0]
        assert media_type in content, f"{pointer} is never {media_type}"
        if has_body and media_type.endswith("json"):
            body = response.json()
            self.validate(body, f"{pointer}/content/{escaped(media_type)}/schema")
            if media_type == "application/problem+json":
                assert body["status"] == response.status_code
                assert body["requestId"] == response.headers["X-Request-Id"]
                self.codes.add(body["code"])

    def _check_headers(self, headers, pointer, response):
        names = {name.lower() for name in headers}
        given = {name.lower() for name in response.headers}
        assert SECURITY_HEADERS <= given, f"{pointer} lacks {SECURITY_HEADERS - given}"
        extra = given - names - ORDINARY_HEADERS
        assert not extra, f"{pointer} does not have the headers {extra}"
        for name in headers:
            header, place = self._resolve(f"{pointer}/headers/{name}")
            value = response.headers.get(name)
            if value is None:
                assert not header.get("required"), f"{pointer} lacks {name}"
                continue
            if header["schema"].get("type") == "integer":
                value = int(value)
            self.validate(value, f"{place}/schema")

    def _resolve(self, pointer):
        value = self.root
        for part in pointer.split("/")[1:]:
            value = value[part.replace("~1", "/").replace("~0", "~")]
        if "$ref" in value:
            return self._resolve(value["$ref"].removeprefix("#"))
        return value, pointer

    def validate(self, value, pointer):
        validator = jsonschema.Draft202012Validator(
            {"$ref": f"{URI}#{pointer.replace('{', '%7B').replace('}', '%7D')}"},
            registry=self.registry,
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )
        faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(value)]
        assert not faults, f"{pointer}: {faults}\n{value}"

    def check_request(self, method, path, body, media_type):
        """Fails unless the document allows the body of a request that was accepted."""
        template = self.template(path)
        described = self.root["paths"][template][method.lower()].get("requestBody")
        if described is None:
            return
        assert body is not None or not described["required"]
        if body is not None:
            pointer = f"/paths/{escaped(template)}/{method.lower()}/requestBody/content"
            self.validate(body, f"{pointer}/{escaped(media_type)}/schema")


def escaped(part):
    return part.replace("~", "~0").replace("/", "~1")
