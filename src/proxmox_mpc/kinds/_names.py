"""Names of objects that belong to something: `pve1/vmbr0` is the bridge vmbr0 of the node pve1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

_VARIABLE = re.compile(r"\{([\w-]+)\}")


def variables(template: str) -> list[str]:
    """Those of a path or a pattern, in order."""
    return _VARIABLE.findall(template)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A path or a name with its variables filled."""
    return _VARIABLE.sub(lambda match: str(values[match[1]]), template)


def parse(pattern: str, name: str) -> dict[str, str] | None:
    """What the variables of a pattern stand for in a name; None where it does not have that form."""
    found = _parser(pattern).fullmatch(name)
    return {v: found[f"v{n}"] for n, v in enumerate(variables(pattern))} if found else None


@lru_cache(maxsize=256)  # one per kind
def _parser(pattern: str) -> re.Pattern[str]:
    parts = _VARIABLE.split(pattern)
    last = len(parts) - 2
    # Every second part is a variable; the last one takes what is left, slashes too: pools are nested.
    spelled = (
        (f"(?P<v{number // 2}>{'.+' if number == last else '[^/]+?'})" if number % 2 else re.escape(part))
        for number, part in enumerate(parts)
    )
    return re.compile("".join(spelled))


def shown(pattern: str) -> str:
    """A name's form for people: `NODE/IFACE`."""
    return _VARIABLE.sub(lambda match: match[1].upper(), pattern)


def scopes_of(pattern: str, names: Iterable[str], scopes: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Those of the scopes in which objects of these names can be: `pve1/vmbr0` is on pve1 and nowhere else."""
    meant = [found for name in names if (found := parse(pattern, name)) is not None]
    return [
        scope
        for scope in scopes
        if any(all(found.get(v, value) == value for v, value in scope.items()) for found in meant)
    ]
