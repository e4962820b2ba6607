"""Firewall rules as lines, the way PVE's own files write them: `IN SSH(ACCEPT) -source +admins -log nolog # why`.

A line is the canonical form of a rule: it is compared, shown in plans, and may be written in manifests. A rule that is
switched off starts with `|`. Source of the syntax: the firewall files of PVE (documented with pve-firewall, 9.1).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from proxmox_mpc.kinds._codec import Codec

# Options of a line, in the order in which PVE writes them, and their parameters.
_OPTIONS = {
    "i": "iface", "source": "source", "dest": "dest", "p": "proto", "dport": "dport", "sport": "sport",
    "icmp-type": "icmp-type", "log": "log",
}  # fmt: skip
_HEAD = re.compile(r"(\|)?\s*(in|out|forward|group)\s+(?:(\S+)\((\w+)\)|(\S+))", re.IGNORECASE)
_TYPES = ("in", "out", "forward", "group")
# What a manifest may call the parts of a rule; each stands for a parameter.
_WRITTEN = {
    "type": "type", "action": "action", "macro": "macro", "enabled": "enable", "interface": "iface",
    "source": "source", "destination": "dest", "protocol": "proto", "destinationPort": "dport", "sourcePort": "sport",
    "icmpType": "icmp-type", "log": "log", "comment": "comment", "group": "group",
}  # fmt: skip


def line(rule: Mapping[str, Any]) -> str:
    """A rule as the API shows it, as a line."""
    head = "" if int(rule.get("enable") or 0) else "|"
    action = f"{rule['macro']}({rule['action']})" if rule.get("macro") else rule["action"]
    kind = str(rule["type"])
    parts = [f"{head}{kind.upper()}", str(action)]
    for option, name in _OPTIONS.items():
        value = rule.get(name)
        if value not in (None, "", "nolog" if name == "log" else None):
            parts.append(f"-{option} {shlex.quote(str(value))}")
    comment = str(rule.get("comment") or "").strip()
    return " ".join([*parts, *([f"# {comment}"] if comment else [])])


def rule_of(text: str) -> dict[str, str]:
    """The parameters that make a line's rule. Raises ValueError that says what is wrong with it."""
    body, hash_, comment = text.partition("#")
    head = _HEAD.match(body.strip())
    if head is None:
        raise ValueError(f"{text!r} is not a rule; write it as IN ACCEPT -p tcp -dport 22, or as a mapping")
    rule = {"enable": "0" if head[1] else "1", "type": head[2].lower()}
    rule |= {"macro": head[3], "action": head[4]} if head[3] else {"action": head[5]}
    try:
        words = shlex.split(body.strip()[head.end() :])
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    if len(words) % 2:
        raise ValueError(f"{text!r}: {words[-1]} has no value")
    for option, value in zip(words[::2], words[1::2], strict=True):
        if (name := _OPTIONS.get(option.removeprefix("-"))) is None or not option.startswith("-"):
            raise ValueError(f"{text!r}: there is no option {option}; known: {', '.join(f'-{o}' for o in _OPTIONS)}")
        rule[name] = value
    return rule | ({"comment": comment.strip()} if hash_ and comment.strip() else {})


def references(lines: Iterable[str]) -> set[str]:
    """What rules name: `GROUP web` and `+admins` and `office` as `web`, `admins` and `office`."""
    found = set()
    for rule in map(rule_of, lines):
        if rule["type"] == "group":
            found.add(rule["action"])
        for name in ("source", "dest"):
            for part in rule.get(name, "").split(","):
                found.add(part.removeprefix("+").rpartition("/")[2] if part[:1].isalpha() else part.removeprefix("+"))
    return found - {""}


def _parse(value: Any) -> Any:
    """Rules as they are written, lines or mappings, as lines."""
    return [_written(item) for item in value] if isinstance(value, list) else value


def _written(item: Any) -> str:
    if isinstance(item, str):
        return line(rule_of(item))
    if not isinstance(item, dict):
        raise ValueError(f"{item!r} is not a rule; write it as IN ACCEPT -p tcp -dport 22, or as a mapping")
    if unknown := [name for name in item if name not in _WRITTEN]:
        raise ValueError(f"a rule has no {unknown[0]}; known: {', '.join(_WRITTEN)}")
    rule: dict[str, Any] = {_WRITTEN[name]: value for name, value in item.items()}
    if "group" in rule:
        rule |= {"type": "group", "action": rule.pop("group")}
    if rule.get("type") not in _TYPES:
        raise ValueError(f"the rule's type is {rule.get('type')!r}, not one of {', '.join(_TYPES)}")
    if not rule.get("action"):
        raise ValueError("the rule has no action")
    rule["enable"] = "0" if rule.get("enable") is False else "1"
    return line({name: str(value) for name, value in rule.items()})


CODEC = Codec(
    "list of rules",
    lambda rows: [row if isinstance(row, str) else line(row) for row in rows],
    list,
    example="[IN SSH(ACCEPT) -source +admins]",
)
Rules = Annotated[list[str], BeforeValidator(_parse), CODEC]
