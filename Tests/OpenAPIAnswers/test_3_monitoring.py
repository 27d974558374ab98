"""The alert rules and the dashboard of `monitoring` name what the service emits, and nothing else."""

import json
import pathlib
import re

import pytest
import yaml

import shop
from test_2_webhooks import BODY, signed

ROOT = pathlib.Path(__file__).parents[2]
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "monitoring/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
RULE_TESTS = yaml.safe_load((ROOT / "monitoring/alerts.test.yaml").read_text())["tests"]
DASHBOARD = json.loads((ROOT / "monitoring/dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

EXPRESSIONS = [pytest.param(rule["expr"], id=rule["alert"]) for rule in RULES] + [
    pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for panel in PANELS
    for target in panel["targets"]
]

TEXT = r'"(?:[^"\\]|\\.)*"'
NAME = re.compile(r"\b(orderd_\w+|up)\b(?:\s*\{((?:[^}\"]|" + TEXT + r")*)\})?")
MATCHER = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*(" + TEXT + ")")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? \S+")

# What Prometheus adds to each series.
ADDED = {"job", "instance"}


class Series:
    """What a scrape has: the labels of each series of a name."""

    def __init__(self, text):
        self.labels = {"up": [{}]}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels = SAMPLE.fullmatch(line).groups()
                pairs = re.findall(rf"(\w+)=({TEXT})", labels or "")
                self.labels.setdefault(name, []).append(
                    {label: json.loads(value) for label, value in pairs}
                )

    def faults(self, expression):
        """What an expression asks for and no series has."""
        faults, known = [], set(ADDED)
        for name, matchers in NAME.findall(without_groupings(expression)):
            if name not in self.labels:
                faults.append(name)
                continue
            known |= set().union(*self.labels[name])
            for label, operator, value in MATCHER.findall(matchers):
                if label not in ADDED:
                    faults += self._lacking(name, label, operator, json.loads(value))
        for group in GROUPING.findall(expression):
            faults += [label for label in re.findall(r"\w+", group) if label not in known]
        return faults

    def _lacking(self, name, label, operator, value):
        values = {labels[label] for labels in self.labels[name] if label in labels}
        if not values:
            return [f"{name}{{{label}}}"]
        # Each word of a list, so that one that is right does not hide a wrong one. What is left out
        # is asked for as well, but a pattern may leave out nothing.
        words = value.split("|") if "~" in operator else [value]
        return [
            f'{name}{{{label}{operator}"{word}"}}'
            for word in words
            if not any(re.fullmatch(word if "~" in operator else re.escape(word), had) for had in values)
        ]


def without_groupings(expression):
    """An expression without its lists of labels, which might be taken for names."""
    return GROUPING.sub(" ", expression)


@pytest.fixture(scope="module")
def series(api, stand_ins, tokens):
    # Routes, services and deliveries have series from the first of their kind on: an order that is
    # paid, and an answer of each kind that rules ask for.
    order, guest, payment = shop.order(api)
    assert stand_ins.confirm(payment["clientSecret"]).ok
    shop.wait_for(api, order, guest, "paid")
    for form, status in (("t={t},v1={v1}", 200), ("t={t},v1={v1}", 200), ("t={t},v1={bad}", 400)):
        api("POST", "/v1/webhooks/stripe", status, data=BODY, Stripe_Signature=signed(form))
    api("GET", "/v1/admin/breakers", 200, token=tokens["admin"])
    stand_ins.fault("GET /products", kind="status", status=503)
    try:
        api("POST", shop.SESSIONS, 503, body={"email": "ana@example.ro", "items": shop.ITEMS})
    finally:
        stand_ins.end_faults()
    return Series(api("GET", "/metrics", 200).text)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_names_what_is_emitted(series, expression):
    assert NAME.search(without_groupings(expression))
    assert series.faults(expression) == []


@pytest.mark.parametrize("expression, fault", [
    ("max(orderd_nothing)", "orderd_nothing"),
    ('orderd_outbox_waiting{channel="evnt"}', 'orderd_outbox_waiting{channel="evnt"}'),
    ('orderd_outbox_waiting{channel=~"event|tsk"}', 'orderd_outbox_waiting{channel=~"tsk"}'),
    ('orderd_outbox_waiting{chanel!="event"}', "orderd_outbox_waiting{chanel}"),
    ("sum by (chanel) (orderd_outbox_waiting)", "chanel"),
])
def test_sees_what_is_not(series, expression, fault):
    assert series.faults(expression) == [fault]


def test_instances_are_chosen_by_a_metric_there_is(series):
    queries = {item["name"]: item["query"] for item in DASHBOARD["templating"]["list"]}
    assert queries["datasource"] == "prometheus"
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", queries["instance"]["query"]).groups()
    assert metric in series.labels and label == "instance"
    for panel in PANELS:
        for source in [panel, *panel["targets"]]:
            assert source["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_alert_has_its_words_and_a_paragraph():
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names) > 0
    for rule in RULES:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        words = rule["annotations"]
        assert words["summary"] and "{{ $value" in words["description"], rule["alert"]
        path, anchor = words["runbook_url"].split("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
        assert rule["alert"] in headings and anchor == rule["alert"].lower(), rule["alert"]


def test_every_alert_is_shown_firing_and_not():
    shown = {True: set(), False: set()}
    for test in RULE_TESTS:
        for check in test["promql_expr_test"]:
            name = re.search(r'alertname="(\w+)",alertstate="firing"', check["expr"]).group(1)
            shown[bool(check["exp_samples"])].add(name)
    assert shown[True] == shown[False] == {rule["alert"] for rule in RULES}
