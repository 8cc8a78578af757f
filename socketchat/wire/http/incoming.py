"""Bodies: what programs send, as the text of one line.

Plain text is the text. JSON is read as the programs write it that people connect most: Slack and Mattermost, Discord,
Alertmanager, Grafana, GitHub, GitLab, Uptime Kuma and healthchecks.io, each after its public documentation. None of
them can be trusted, so that every field is checked, and the text passes the same hygiene as any message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ...exceptions import BadText, UsageProblem
from .requests import Request, fields_of

_FIELD = re.compile(r"\{\{ *([\w.-]{1,100}) *\}\}")
"""A field in a template, such as ``{{check.name}}``; there is no logic."""

MOST_FIELDS = 20
"""Fields of a template: each may be as long as the whole body."""

MOST_ALERTS = 20
"""Alerts of one message that get a line each; more are counted."""

Fields = Mapping[str, Any]


def text_of(request: Request) -> str:
    """Return the text of a request; raises BadText and UsageProblem."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and request.body.startswith(b"payload="):
        # Slack and Mattermost take a form too; curl -d calls any text one.
        return _from_json(request, fields_of(_decoded(request.body)).get("payload", "").encode())
    if kind.endswith("json"):
        return _from_json(request, request.body)
    return _decoded(request.body).removesuffix("\n")


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadText("The body is not valid UTF-8.") from None


def _from_json(request: Request, data: bytes) -> str:
    try:
        fields = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UsageProblem("The body is not valid JSON.") from None
    if not isinstance(fields, dict):
        raise UsageProblem("The body must be a JSON object.")
    if template := request.parameters.get("template"):
        if template.count("{{") > MOST_FIELDS:
            raise UsageProblem(f"A template has at most {MOST_FIELDS} fields.")
        return _FIELD.sub(lambda found: _text(fields, found[1]), template)
    for is_such, shape in _SHAPES:
        if is_such(request, fields):
            return shape(request, fields)
    raise UsageProblem('The body must have "text", or be of a known program. See `socketchat help http`.')


def _text(fields: Fields, *names: str) -> str:
    """Return the first of these fields that is a text and not empty, as one line."""
    for name in names:
        value: Any = fields
        for part in name.split("."):
            if isinstance(value, list) and part.isascii() and part.isdigit():
                value = value[int(part[:9])] if int(part[:9]) < len(value) else None
            else:
                value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _joined(*parts: str) -> str:
    """Join the parts that are not empty with spaces."""
    return " ".join(filter(None, parts))


def _list(fields: Fields, name: str) -> list[Fields]:
    value = fields.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


# Chat


def _slack(_request: Request, fields: Fields) -> str:
    """Slack and Mattermost: the text as it is, or else the fallbacks and texts of the attachments."""
    text = fields.get("text")
    if isinstance(text, str) and text.strip():
        return text
    shown = [_text(each, "fallback", "text", "title") for each in _list(fields, "attachments")[:MOST_ALERTS]]
    return "\n".join(filter(None, shown))


def _discord(_request: Request, fields: Fields) -> str:
    """Discord: the content as it is, or else the embeds."""
    content = fields.get("content")
    if isinstance(content, str) and content.strip():
        return content
    embeds = _list(fields, "embeds")[:MOST_ALERTS]
    return "\n".join(
        filter(None, (_joined(_text(each, "title"), _text(each, "description"), _text(each, "url")) for each in embeds))
    )


# Alerts


def _alerts(_request: Request, fields: Fields) -> str:
    """Alertmanager's webhook (version 4), and Grafana's, which has more fields: one line for each alert."""
    alerts = _list(fields, "alerts")
    lines = [_alert(fields, each) for each in alerts[:MOST_ALERTS]]
    if (more := len(alerts) - MOST_ALERTS) > 0:
        lines.append(f"and {more:,} more alerts")
    return "\n".join(lines)


def _alert(fields: Fields, alert: Fields) -> str:
    status = _text(alert, "status") or _text(fields, "status")
    name = _text(alert, "labels.alertname") or "alert"
    about = _text(alert, "annotations.summary", "annotations.description", "annotations.message")
    link = _text(alert, "panelURL", "dashboardURL", "generatorURL") or _text(fields, "externalURL")
    severity, instance = _text(alert, "labels.severity"), _text(alert, "labels.instance")
    where = f"({', '.join(filter(None, (severity, instance)))})" if severity or instance else ""
    return _joined(f"[{status}]" if status else "", name, where, f"– {about}" if about else "", link)


def _uptime_kuma(_request: Request, fields: Fields) -> str:
    """Uptime Kuma: its own message says all; the monitor has the link."""
    url = _text(fields, "monitor.url")
    return _joined(_text(fields, "msg"), url if url.startswith(("http://", "https://")) else "")


def _healthchecks(_request: Request, fields: Fields) -> str:
    """healthchecks.io: the fields that its documentation suggests for a webhook."""
    return _joined(f"[{_text(fields, 'status')}]", _text(fields, "name"), _text(fields, "url", "details_url"))


# Repositories


def _github(request: Request, fields: Fields) -> str:
    """GitHub: who did what, where, with the link that GitHub gives."""
    event = request.headers["x-github-event"]
    who, where = _text(fields, "sender.login"), _text(fields, "repository.full_name")
    if event == "ping":
        return _joined(f"[{where}]" if where else "", "GitHub is connected:", _text(fields, "zen"))
    if event == "push":
        return _pushed(fields, who, where, _text(fields, "compare"))
    action = _text(fields, "action")
    about: Fields = next((fields[each] for each in _GITHUB if isinstance(fields.get(each), dict)), {})
    number, title = _text(about, "number"), _text(about, "title", "name", "tag_name", "conclusion")
    link = _text(about, "html_url") or _text(fields, "repository.html_url")
    what = _joined(event.replace("_", " "), action, f"#{number}" if number else "", title)
    return _joined(f"[{where}]", who, what, link)


_GITHUB = ("comment", "review", "pull_request", "issue", "release", "workflow_run", "check_run", "discussion")
"""The parts of an event that have a link, the most special first."""


def _gitlab(request: Request, fields: Fields) -> str:
    """GitLab: as GitHub, with its own names."""
    who = _text(fields, "user_name", "user.name", "user_username")
    where = _text(fields, "project.path_with_namespace")
    if _text(fields, "object_kind") in {"push", "tag_push"}:
        return _pushed(fields, who, where, _text(fields, "project.web_url"))
    kind = _text(fields, "object_kind") or request.headers.get("x-gitlab-event", "event")
    number = _text(fields, "object_attributes.iid")
    action = _text(fields, "object_attributes.action", "object_attributes.status")
    title = _text(fields, "object_attributes.title", "object_attributes.note", "object_attributes.ref")
    link = _text(fields, "object_attributes.url") or _text(fields, "project.web_url")
    return _joined(f"[{where}]", who, kind.replace("_", " "), action, f"!{number}" if number else "", title, link)


def _pushed(fields: Fields, who: str, where: str, link: str) -> str:
    commits = _list(fields, "commits")
    count = len(commits)
    branch = _text(fields, "ref").removeprefix("refs/heads/").removeprefix("refs/tags/")
    last = _text(commits[-1], "message") if commits else ""
    pushed = f"pushed {count} commit{'s' * (count != 1)} to {branch}"
    return _joined(f"[{where}]", who, f"{pushed}:" if last else pushed, last[:200], link)


_SHAPES: tuple[tuple[Callable[[Request, Fields], bool], Callable[[Request, Fields], str]], ...] = (
    (lambda request, _: "x-github-event" in request.headers, _github),
    (lambda request, fields: "x-gitlab-event" in request.headers and "object_kind" in fields, _gitlab),
    (lambda _, fields: isinstance(fields.get("alerts"), list), _alerts),
    (lambda _, fields: "heartbeat" in fields or ("msg" in fields and "monitor" in fields), _uptime_kuma),
    (lambda _, fields: "content" in fields or "embeds" in fields, _discord),
    (lambda _, fields: "text" in fields or "attachments" in fields, _slack),
    (lambda _, fields: {"name", "status"} <= fields.keys(), _healthchecks),
)
"""How to know each program, and what to make of it; the first that fits counts."""
