"""What can be declared: one plain file (or folder) per kind, each with a `KIND`.

What belongs here: names, specs, units, defaults, costs, wire ↔ spec conversion, and the reads and writes of a kind.
What never does: whether something may happen (the engine's gates), or how it is shown (the interfaces). Kinds do not
know each other. To add one, see CONTRIBUTING.md.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._index import MODULES

if TYPE_CHECKING:
    from proxmox_mpc.kinds._kind import Kind


_added: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Let the product know a kind that is none of its own. Raises ValueError where one of its words is taken."""
    if taken := [word for word in kind.names if word in MODULES or _added.get(word, kind).name != kind.name]:
        raise ValueError(f"{kind.name}: {taken[0]!r} is a word for another kind")
    _added.update(dict.fromkeys(kind.names, kind))
    all_kinds.cache_clear()


class UnknownKind(NotFoundError):
    """There is no such kind."""

    code = "kind.unknown"


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Every kind, sorted by name."""
    own = [_kind_in(module) for module in set(MODULES.values())]
    added = {kind.name: kind for kind in _added.values()}
    return tuple(sorted([*own, *added.values()], key=lambda kind: kind.name))


@cache
def _kind_in(module: str) -> Kind:
    kind: Kind = import_module(f"{__name__}.{module}").KIND
    return kind


def find_kind(word: str) -> Kind:
    """The kind that a person means by its name, plural or short name, in any case. Raises UnknownKind.

    Only its own module is loaded: all of them would cost every command a quarter of a second.
    """
    if word.lower() in _added:
        return _added[word.lower()]
    module = MODULES.get(word.lower())
    if module is None:
        close = difflib.get_close_matches(word.lower(), [*MODULES, *_added], n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "proxmox-cli api-resources lists all kinds"
        if word.lower() in ("node", "nodes"):
            hint = "nodes are there before anything is declared: proxmox-cli discover shows them"
        raise UnknownKind(f"there is no kind {word!r}", hint=hint)
    return _kind_in(module)
