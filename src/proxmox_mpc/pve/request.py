"""From a path template and parameters to what goes over the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from proxmox_mpc.pve._check import Parameter, Problem, wire_number
from proxmox_mpc.pve.errors import NotSupported, ParametersRejected
from proxmox_mpc.pve.facts import Facts
from proxmox_mpc.pve.uploads import Upload

_VARIABLE = re.compile(r"\{([\w-]+)\}")
# These need no quoting in a path segment (RFC 3986), and task names stay readable in the server's log.
_PATH_SAFE = ":@!,+"
# As a path segment these would vanish or be resolved on the way, and then name another object.
_NO_NAMES = ("", ".", "..")


@dataclass(frozen=True)
class Request:
    """A checked request: quoted `path` below /api2/json, `pairs` for query or form, its `node` if any.

    An `upload` takes the place of the pairs. Of one that is sent `once`, locks and a lost quorum are the caller's to
    wait for.
    """

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...] = ()
    node: str = ""
    upload: Upload | None = None
    once: bool = False

    @property
    def reading(self) -> bool:
        """Whether it changes nothing, so that it may be sent again whenever no answer came."""
        return self.method == "GET"

    def encoded(self) -> str:
        """The pairs as query or form text; everything is escaped, for PVE truncates a value at a bare `=`."""
        return urlencode(self.pairs)


def build(facts: Facts, verb: str, template: str, params: Mapping[str, Any]) -> Request:
    """The request, checked against what the cluster's version takes.

    Parameters that are None are dropped. Booleans become 1 and 0, lists are repeated (`array`) or divided by
    commas (`…-list`). `NotSupported` where this version has no such method, `ParametersRejected` with
    everything that is wrong with the parameters.
    """
    method = facts.method(verb, template)
    if method is None:
        raise _no_such_method(facts, verb, template)
    problems = facts.check(verb, template, params)
    given = {name: value for name, value in params.items() if value is not None}
    variables = _VARIABLE.findall(template)
    problems += [Problem(name, "cannot be a name") for name in variables if given.get(name) in _NO_NAMES]
    if problems:
        raise _rejected(facts, verb, template, problems)
    path = _VARIABLE.sub(lambda match: _segment(given[match[1]]), template)
    pairs = tuple(
        (name, text)
        for name, value in given.items()
        if name not in variables
        for text in encode(method.parameter(name), value)
    )
    return Request(verb, path, pairs, str(given.get("node", "")) if "{node}" in template else "")


def encode(parameter: Parameter | None, value: Any) -> list[str]:
    """A value as the texts that are sent for it."""
    if not isinstance(value, (list, tuple, set, frozenset)):
        return [_text(value)]
    texts = [_text(one) for one in value]
    if parameter is not None and parameter.type == "array":
        return texts
    return [",".join(texts)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return wire_number(value)
    return str(value)


def _segment(value: Any) -> str:
    return quote(_text(value), safe=_PATH_SAFE)


def _no_such_method(facts: Facts, verb: str, template: str) -> NotSupported:
    verbs = facts.verbs(template)
    if verbs:
        hint = f"The path takes {', '.join(sorted(verbs))}."
    else:
        other = "8.4" if facts.version == "9.1" else "9.1"
        known = Facts.load(other).method(verb, template) is not None
        hint = f"PVE {other} has it." if known else ""
    return NotSupported(
        f"PVE {facts.version} has no {verb} {template}", hint=hint, method=verb, path=template, status=501
    )


def _rejected(facts: Facts, verb: str, template: str, problems: list[Problem]) -> ParametersRejected:
    errors: dict[str, str] = {}
    for problem in problems:
        errors[problem.name] = f"{errors[problem.name]}; {problem.text}" if problem.name in errors else problem.text
    what = "a parameter is" if len(errors) == 1 else f"{len(errors)} parameters are"
    return ParametersRejected(
        f"{verb} {template}: {what} not accepted by PVE {facts.version}",
        errors=errors,
        method=verb,
        path=template,
    )
