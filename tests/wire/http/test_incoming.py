"""Samples of what programs send, written after their public documentation."""

import json
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketchat.exceptions import ChatError, UsageProblem
from socketchat.wire.http.incoming import MOST_ALERTS, text_of
from socketchat.wire.http.requests import Request

JSON = {"content-type": "application/json"}

ALERTMANAGER = {
    "version": "4",
    "groupKey": '{}:{alertname="HighLoad"}',
    "status": "firing",
    "receiver": "chat",
    "groupLabels": {"alertname": "HighLoad"},
    "commonLabels": {"alertname": "HighLoad", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLoad", "instance": "web1:9100", "severity": "critical"},
            "annotations": {"summary": "Load is above 10\nfor 5 minutes"},
            "startsAt": "2026-11-29T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=load",
            "fingerprint": "a1b2c3d4",
        },
        {"status": "resolved", "labels": {"alertname": "DiskFull"}, "annotations": {}},
    ],
}
GRAFANA = {
    "receiver": "chat",
    "status": "firing",
    "orgId": 1,
    "title": "[FIRING:1] HighLoad",
    "state": "alerting",
    "message": "**Firing**",
    "externalURL": "http://grafana:3000/",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLoad", "grafana_folder": "Servers"},
            "annotations": {"description": "Load is high"},
            "fingerprint": "57c6d9296de2ad39",
            "silenceURL": "http://grafana:3000/alerting/silence/new",
            "dashboardURL": "http://grafana:3000/d/abc",
            "panelURL": "http://grafana:3000/d/abc?viewPanel=1",
            "values": {"B": 11.2},
        }
    ],
}
PUSH = {
    "ref": "refs/heads/main",
    "compare": "https://github.com/acme/site/compare/a...b",
    "commits": [{"message": "first"}, {"message": "Fix the header\n\nIt was too tall."}],
    "repository": {"full_name": "acme/site", "html_url": "https://github.com/acme/site"},
    "sender": {"login": "ann"},
}
PULL = {
    "action": "opened",
    "pull_request": {"number": 7, "title": "Add a footer", "html_url": "https://github.com/acme/site/pull/7"},
    "repository": {"full_name": "acme/site"},
    "sender": {"login": "ann"},
}
MERGE = {
    "object_kind": "merge_request",
    "user": {"name": "Ann", "username": "ann"},
    "project": {"path_with_namespace": "acme/site", "web_url": "https://gitlab.com/acme/site"},
    "object_attributes": {"iid": 3, "title": "Add a footer", "action": "open", "url": "https://gitlab.com/x/-/3"},
}
GITLAB_PUSH = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "user_name": "Ann",
    "project": {"path_with_namespace": "acme/site", "web_url": "https://gitlab.com/acme/site"},
    "commits": [{"message": "one"}],
}
KUMA = {
    "heartbeat": {"status": 0, "msg": "timeout"},
    "monitor": {"name": "site", "url": "https://example.org"},
    "msg": "[site] [🔴 Down] timeout",
}

SAMPLES = {
    "Slack": (JSON, {"text": "one\ntwo"}, "one\ntwo"),
    "Slack, attachments": (JSON, {"attachments": [{"fallback": "it broke", "color": "#f00"}]}, "it broke"),
    "Mattermost": (JSON, {"text": "hi", "channel": "town-square", "username": "bot"}, "hi"),
    "Discord": (JSON, {"content": "hi", "username": "bot"}, "hi"),
    "Discord, embeds": (
        JSON,
        {"content": None, "embeds": [{"title": "v2", "description": "is out", "url": "https://x.org"}]},
        "v2 is out https://x.org",
    ),
    "Alertmanager": (
        JSON,
        ALERTMANAGER,
        (
            "[firing] HighLoad (critical, web1:9100) – Load is above 10 for 5 minutes "
            "http://prometheus:9090/graph?g0.expr=load\n"
            "[resolved] DiskFull http://alertmanager:9093"
        ),
    ),
    "Grafana": (JSON, GRAFANA, "[firing] HighLoad – Load is high http://grafana:3000/d/abc?viewPanel=1"),
    "GitHub, push": (
        {**JSON, "x-github-event": "push"},
        PUSH,
        (
            "[acme/site] ann pushed 2 commits to main: Fix the header It was too tall. "
            "https://github.com/acme/site/compare/a...b"
        ),
    ),
    "GitHub, pull request": (
        {**JSON, "x-github-event": "pull_request"},
        PULL,
        "[acme/site] ann pull request opened #7 Add a footer https://github.com/acme/site/pull/7",
    ),
    "GitHub, ping": (
        {**JSON, "x-github-event": "ping"},
        {"zen": "Keep it logically awesome."},
        "GitHub is connected: Keep it logically awesome.",
    ),
    "GitLab, merge request": (
        {**JSON, "x-gitlab-event": "Merge Request Hook"},
        MERGE,
        "[acme/site] Ann merge request open !3 Add a footer https://gitlab.com/x/-/3",
    ),
    "GitLab, push": (
        {**JSON, "x-gitlab-event": "Push Hook"},
        GITLAB_PUSH,
        "[acme/site] Ann pushed 1 commit to main: one https://gitlab.com/acme/site",
    ),
    "Uptime Kuma": (JSON, KUMA, "[site] [🔴 Down] timeout https://example.org"),
    "healthchecks.io": (
        JSON,
        {"name": "backup", "status": "down", "url": "https://healthchecks.io/checks/x"},
        "[down] backup https://healthchecks.io/checks/x",
    ),
}


@pytest.mark.parametrize(("headers", "fields", "text"), SAMPLES.values(), ids=SAMPLES)
def test_what_a_program_sends_becomes_a_readable_line(headers: dict[str, str], fields: dict, text: str) -> None:
    body = json.dumps(fields).encode()
    assert text_of(Request("POST", "/", "", headers, body)) == text


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ({}, b"plain\n", "plain"),
        ({"content-type": "text/plain"}, b'{"text": 1}', '{"text": 1}'),
        ({"content-type": "application/x-www-form-urlencoded"}, b"backup done: a=b&c", "backup done: a=b&c"),
        ({"content-type": "application/x-www-form-urlencoded"}, b"payload=%7B%22text%22%3A%22hi%22%7D", "hi"),
        ({"content-type": "application/json; charset=utf-8"}, b'{"text":"hi"}', "hi"),
    ],
)
def test_other_bodies_are_the_text_or_a_form_of_slack(headers: dict[str, str], body: bytes, text: str) -> None:
    assert text_of(Request("POST", "/", "", headers, body)) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{name}} is {{ status }}", "db is down"),
        ("{{a.b}}, {{list.1.x}}, {{list.9.x}}, {{none}}", "7, two,\u0020, "),
        ("{{list}}{{a}}{{a.b.c}}{{ name", "{{ name"),
        ("{{name.upper}}{{__class__}}|{{{name}}}", "|{db}"),
    ],
)
def test_a_template_puts_fields_into_a_text_and_has_no_logic(template: str, text: str) -> None:
    fields = {"name": "db", "status": "down", "a": {"b": 7}, "list": [{"x": "one"}, {"x": "two"}]}
    request = Request("POST", "/", urlencode({"template": template}), JSON, json.dumps(fields).encode())
    assert text_of(request) == text


def test_a_template_cannot_make_a_short_body_endless() -> None:
    request = Request("POST", "/", "template=" + "{{a}}" * 21, JSON, json.dumps({"a": "x" * 200_000}).encode())
    with pytest.raises(UsageProblem, match="20 fields"):
        text_of(request)


@pytest.mark.parametrize("body", [b"payload=", b"payload=&payload=", b"payload=x&" + b"a=b&" * 200, b"payload=%00"])
def test_a_form_without_json_is_an_error_of_ours(body: bytes) -> None:
    with pytest.raises(UsageProblem):
        text_of(Request("POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, body))


def test_many_alerts_are_counted() -> None:
    body = json.dumps({"alerts": [{"status": "firing"}] * 1025}).encode()
    lines = text_of(Request("POST", "/", "", JSON, body)).split("\n")
    assert lines[0] == "[firing] alert"
    assert (len(lines), lines[-1]) == (MOST_ALERTS + 1, "and 1,005 more alerts")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(PULL | KUMA | GRAFANA)), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*sorted(PULL | PUSH | MERGE | KUMA | GRAFANA), "text", "content", "embeds"]), ANY),
    st.sampled_from([{}, {"x-github-event": "pull_request"}, {"x-github-event": "push"}, {"x-gitlab-event": "x"}]),
)
def test_any_fields_of_any_type_give_a_text_or_an_error_of_ours(fields: dict, headers: dict[str, str]) -> None:
    request = Request("POST", "/", "", {**JSON, **headers}, json.dumps(fields).encode())
    with suppress(ChatError):
        assert isinstance(text_of(request), str)
