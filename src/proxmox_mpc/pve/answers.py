"""From the bytes of an answer to its data, or to a typed error; whatever the server sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proxmox_mpc.pve.errors import PveError, UnexpectedAnswer
from proxmox_mpc.pve.refusals import refusal

# Enough of a foreign page to recognise it, not enough to fill a terminal.
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Answer:
    """What came over the wire: status, reason phrase, content type without parameters (lower case), body."""

    status: int
    reason: str
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Reply:
    """The `data` of an answer, and its siblings (`total` of lists, `changes` of pending network changes)."""

    data: Any
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_answer(answer: Answer, *, method: str, path: str) -> Reply:
    """The reply that an answer holds, or the fitting `PveError`, also for what is not PVE's at all."""
    if 200 <= answer.status < 300:
        return _read_success(answer, method, path)
    if answer.status < 400:
        raise _unexpected(answer, f"redirects (status {answer.status})", method, path)
    raise _read_failure(answer, method, path)


def _read_success(answer: Answer, method: str, path: str) -> Reply:
    if answer.content_type not in ("application/json", ""):
        raise _unexpected(answer, f"sent {answer.content_type} instead of JSON", method, path)
    body = _parse(answer.body)
    if not isinstance(body, dict) or "data" not in body:
        why = "sent JSON that is not an API answer" if body is not None else "sent broken or truncated JSON"
        raise _unexpected(answer, why, method, path)
    return Reply(body.pop("data"), body)


def _read_failure(answer: Answer, method: str, path: str) -> PveError:
    """PVE's code speaks JSON; its web server plain text, or nothing but the reason phrase."""
    body = _parse(answer.body)
    text, errors = answer.reason, {}
    if isinstance(body, dict):
        message = body.get("message")
        text = message if isinstance(message, str) and message.strip() else answer.reason
        if isinstance(body.get("errors"), dict):
            errors = {str(name): str(why) for name, why in body["errors"].items()}
    elif answer.content_type in ("text/html", "application/xhtml+xml") and answer.status not in (
        502,
        503,
        504,
    ):
        return _unexpected(answer, f"sent a web page (status {answer.status})", method, path)
    elif answer.status == 404:  # PVE says 501 or 500 for what it does not know, and 404 only as JSON
        return _unexpected(answer, "does not know the path (status 404)", method, path)
    elif answer.content_type in ("text/plain", "") and answer.body.strip():
        text = answer.body.decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
    return refusal(answer.status, text, errors, method=method, path=path)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _unexpected(answer: Answer, why: str, method: str, path: str) -> UnexpectedAnswer:
    start = answer.body[:_SHOWN_CHARACTERS].decode("utf-8", "replace")
    shown = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in start)).strip()
    message = f"the server {why}" + (f": {shown}" if shown else "")
    return UnexpectedAnswer(message, status=answer.status, method=method, path=path)
