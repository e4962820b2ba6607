"""Selectors: PVE tags read as labels, and facts compared by name.

A tag is a label with an empty value; `k-v` also matches `k=v`, by its first hyphen. `prod-web` matches the tag itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from proxmox_mpc.errors import UsageError

_TERM = re.compile(r"(?P<not>!)?(?P<key>[\w.+/-]+)(?:\s*(?P<op>==?|!=)\s*(?P<value>[\w.+/:-]*))?")


def _terms(selector: str) -> Iterable[re.Match[str]]:
    for text in filter(None, (term.strip() for term in selector.split(","))):
        match = _TERM.fullmatch(text)
        if match is None or (match["not"] and match["op"]):
            raise UsageError(f"{text!r} is not a selector", hint="write tag, !tag, key=value or key!=value")
        yield match


def matches_labels(tags: Iterable[str], selector: str) -> bool:
    """Whether tags satisfy every term of a label selector. Raises UsageError."""
    names = {tag for tag in tags if tag}
    labels = {(key, value) for key, hyphen, value in (tag.partition("-") for tag in names) if hyphen}
    for term in list(_terms(selector)):
        key, value = term["key"], term["value"]
        if term["op"] is None:
            found = key in names or any(key == label for label, _ in labels)
            hit = found != bool(term["not"])
        else:
            same = (key, value) in labels or (value == "" and key in names)
            hit = same != (term["op"] == "!=")
        if not hit:
            return False
    return True


def matches_fields(facts: Mapping[str, Any], selector: str) -> bool:
    """Whether facts satisfy every term of a field selector, compared as texts. Raises UsageError."""
    for term in list(_terms(selector)):
        if term["op"] is None:
            raise UsageError(f"{term[0]!r} compares nothing", hint="write name=value or name!=value")
        name = term["key"].removeprefix("status.").removeprefix("metadata.")
        if (str(facts.get(name, "")) == term["value"]) == (term["op"] == "!="):
            return False
    return True
