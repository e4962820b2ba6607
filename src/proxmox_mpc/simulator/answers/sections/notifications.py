"""/cluster/notifications: endpoints that carry messages, and matchers that choose among them. Nothing is sent.

The recorded server's own implementation was switched off; texts and rules follow its sources (facts, 9.1). Endpoints
and matchers share one name space; built-in ones cannot be removed, only reset.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sections._section import Section

_PATH = "/cluster/notifications"
_STALE = "detected modified configuration - file changed by other user? Try again."
_NO_RECIPIENT = "must at least provide one recipient, either in mailto or in mailto-user"
_NOT_STORED = frozenset({"name", "digest", "delete"})


@dataclass(frozen=True)
class Kind:
    """`path` of the collection; `secret` values never come back; `mails` kinds need somebody to write to."""

    word: str
    path: str
    secret: str = ""
    mails: bool = False


KINDS: Mapping[str, Kind] = {
    "gotify": Kind("endpoint", f"{_PATH}/endpoints/gotify", secret="token"),  # noqa: S106 a name
    "sendmail": Kind("endpoint", f"{_PATH}/endpoints/sendmail", mails=True),
    "smtp": Kind("endpoint", f"{_PATH}/endpoints/smtp", secret="password", mails=True),  # noqa: S106 a name
    "webhook": Kind("endpoint", f"{_PATH}/endpoints/webhook"),
    "matcher": Kind("matcher", f"{_PATH}/matchers"),
}
_BUILTIN: Mapping[str, Section] = {
    "mail-to-root": {
        "type": "sendmail",
        "mailto-user": ["root@pam"],
        "comment": "Send mails to root@pam's email address",
    },
    "default-matcher": {
        "type": "matcher",
        "mode": "all",
        "target": ["mail-to-root"],
        "comment": "Route all notifications to mail-to-root",
    },
}
# The kinds of message that PVE sends.
_MESSAGES = ("package-updates", "fencing", "replication", "vzdump", "system-mail")


def _stored(call: Call) -> dict[str, Section]:
    return call.cluster.files.setdefault("notifications.cfg", {})


def _all(call: Call) -> dict[str, Section]:
    return {**_BUILTIN, **_stored(call)}


def _fail(status: int, text: str) -> NoReturn:
    raise ApiError(status, text)


def _origin(call: Call, name: str) -> str:
    if name not in _BUILTIN:
        return "user-created"
    return "modified-builtin" if name in _stored(call) else "builtin"


def _digest(call: Call) -> str:
    text = repr(sorted((k, sorted(v.items())) for k, v in _stored(call).items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _show(call: Call, name: str) -> Section:
    section = _all(call)[name]
    kind = KINDS[section["type"]]
    facts = call.routes.method("POST", kind.path).parameters
    row: Section = {"name": name, "origin": _origin(call, name)}
    for key, value in section.items():
        if key in ("type", kind.secret):
            continue
        is_number = facts.facts(key).get("type") in ("integer", "boolean")
        row[key] = int(value) if is_number else value
        if section["type"] == "webhook" and key == "secret":
            row[key] = [f"name={_part(item, 'name')}" for item in value]
    return row


def _part(item: str, key: str) -> str | None:
    """One part of a header or secret: `name=…,value=BASE64`."""
    parts = dict(part.partition("=")[::2] for part in item.split(","))
    return parts.get(key)


def _named(call: Call, kind: str) -> Section:
    found = _all(call).get(call.text("name"))
    if found is None or found["type"] != kind:
        _fail(404, f"{KINDS[kind].word} '{call.text('name')}' not found")
    return found


def _check(call: Call, section: Section) -> None:
    if KINDS[section["type"]].mails and not section.get("mailto") and not section.get("mailto-user"):
        _fail(400, _NO_RECIPIENT)
    known = _all(call)
    for target in section.get("target", []):
        if target not in known or known[target]["type"] == "matcher":
            _fail(404, f"endpoint '{target}' does not exist")


def _check_values(before: Section, section: Section) -> None:
    """Headers and secrets of a webhook; a secret without a value keeps the one that it had."""
    old = {_part(item, "name"): item for item in before.get("secret", [])}
    for key in ("header", "secret"):
        kept: list[str] = []
        for item in section.get(key, []):
            name, value = _part(item, "name"), _part(item, "value")
            if key == "secret" and name in [_part(k, "name") for k in kept]:
                _fail(400, f"secret '{name}' defined multiple times")
            if value is None and key == "secret":
                if name not in old:
                    _fail(400, f"secret '{name}' not known")
                item = old[name]
            elif not value:
                _fail(400, f"{key} '{name}' has empty value")
            elif not _is_base64(value):
                _fail(400, f"{key} '{name}' does not have valid base64 encoded data")
            kept.append(item)
        if key in section:
            section[key] = kept


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _given(call: Call) -> Section:
    return {k: v for k, v in call.params.items() if k not in _NOT_STORED}


def _register(name: str, kind: Kind) -> None:
    one = kind.path + "/{name}"

    @answers("GET", kind.path)
    def listing(call: Call) -> Any:
        return [_show(call, n) for n, section in sorted(_all(call).items()) if section["type"] == name]

    @answers("GET", one)
    def read(call: Call) -> Any:
        _named(call, name)
        return {**_show(call, call.text("name")), "digest": _digest(call)}

    @answers("POST", kind.path)
    def create(call: Call) -> None:
        if call.text("name") in _all(call):
            _fail(400, f"Cannot create '{call.text('name')}', an entity with the same name already exists")
        section = {"type": name, **_given(call)}
        _check(call, section)
        _check_values({}, section)
        _stored(call)[call.text("name")] = section

    @answers("PUT", one)
    def update(call: Call) -> None:
        """Deletes, then sets; what is not sent stays."""
        before = _named(call, name)
        if "digest" in call.params and call.text("digest") != _digest(call):
            _fail(400, _STALE)
        gone = set(call.items("delete")) - {"type"}
        section: Section = {k: v for k, v in before.items() if k not in gone}
        section.update(_given(call))
        _check(call, section)
        if name == "webhook":
            _check_values(before, section)
        _stored(call)[call.text("name")] = section

    @answers("DELETE", one)
    def delete(call: Call) -> None:
        _named(call, name)
        wanted = call.text("name")
        users = sorted(n for n, section in _all(call).items() if wanted in section.get("target", []))
        if users and wanted not in _BUILTIN:
            _fail(400, f"cannot delete '{wanted}', referenced by: {', '.join(users)}")
        _stored(call).pop(wanted, None)


for _name, _kind in KINDS.items():
    _register(_name, _kind)


@answers("GET", _PATH + "/targets")
def targets(call: Call) -> Any:
    rows = []
    for name, section in sorted(_all(call).items()):
        if section["type"] != "matcher":
            shown = _show(call, name)
            row: Section = {k: shown[k] for k in ("name", "origin", "comment", "disable") if k in shown}
            rows.append({**row, "type": section["type"]})
    return rows


@answers("POST", _PATH + "/targets/{name}/test")
def test_target(call: Call) -> None:
    found = _all(call).get(call.text("name"))
    if found is None or found["type"] == "matcher":
        _fail(404, f"endpoint '{call.text('name')}' not found")


@answers("GET", _PATH + "/matcher-fields")
def fields(call: Call) -> Any:
    return [{"name": name} for name in ("type", "hostname", "job-id")]


@answers("GET", _PATH + "/matcher-field-values")
def field_values(call: Call) -> Any:
    values = [("type", message) for message in _MESSAGES]
    values += [("hostname", node) for node in call.cluster.nodes]
    if call.may("/", "Sys.Audit"):
        values += [("job-id", job) for job in call.cluster.files.get("jobs.cfg", {})]
    return [{"field": field, "value": value} for field, value in values]
