"""What can be declared: one plain file (or folder) per kind, each with a `KIND`.

What belongs here: names, specs, units, defaults, costs, wire ↔ spec conversion, and the reads and writes of a kind.
What never does: whether something may happen (the engine's gates), or how it is shown (the interfaces). Kinds do not
know each other. To add one, see CONTRIBUTING.md.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from proxmox_mpc.errors import NotFoundError

if TYPE_CHECKING:
    from proxmox_mpc.kinds._kind import Kind


class UnknownKind(NotFoundError):
    """There is no such kind."""

    code = "kind.unknown"


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Every kind, sorted by name."""
    plain = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    kinds: list[Kind] = [import_module(f"{__name__}.{name}").KIND for name in plain]
    return tuple(sorted(kinds, key=lambda kind: kind.name))


@cache
def _by_name() -> dict[str, Kind]:
    return {name: kind for kind in all_kinds() for name in kind.names}


def find_kind(word: str) -> Kind:
    """The kind that a person means by its name, plural or short name, in any case. Raises UnknownKind."""
    kind = _by_name().get(word.lower())
    if kind is None:
        close = difflib.get_close_matches(word.lower(), _by_name(), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "proxmox-cli api-resources lists all kinds"
        raise UnknownKind(f"there is no kind {word!r}", hint=hint)
    return kind
