"""Answers derived from the API facts, for what nobody has simulated by hand yet.

An index lists the children of its path; a list is empty; an object has what the facts say it always has. Never more:
a made-up value would be a lie. Of a collection that nobody simulates there are no items: to ask for one is an error, as
it is in PVE.
"""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die

# Path variables that name what is simulated; answers about them are derived.
_KNOWN = frozenset({"node", "vmid", "storage", "userid", "volume"})
_VARIABLE = re.compile(r"\{([^}]+)\}")


def unwritten(call: Call) -> Any:
    """The answer to a write that nobody simulates."""
    raise ApiError(501, f"{call.method.verb} {call.method.path} is not simulated yet\n")


def plausible(call: Call) -> Any:
    """The least that a GET on this path can answer."""
    facts = call.method.returns
    if links := facts.get("links"):
        key = links[0].strip("{}")
        if names := call.routes.children(call.method.path):
            return [{key: name} for name in names]
    for variable in _VARIABLE.findall(call.method.path):
        if variable not in _KNOWN:
            die(f"no such {variable} '{call.text(variable)}'")
    return _empty(call, facts)


def _empty(call: Call, facts: Any) -> Any:
    kind = facts.get("type")
    if kind == "array":
        return []
    if kind == "object":
        parts = {k: call.routes.types.facts[v] for k, v in facts.get("properties", {}).items()}
        return {k: _empty(call, v) for k, v in parts.items() if not v.get("optional") and "[n]" not in k}
    if kind in ("integer", "number"):
        return facts.get("minimum", 0)
    if kind == "boolean":
        return 0
    return facts.get("enum", [""])[0] if kind == "string" else None
