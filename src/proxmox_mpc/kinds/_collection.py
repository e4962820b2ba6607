"""What is odd about a regular collection: a list that is read whole, items that are posted, put and deleted.

Most kinds are one of these. A kind declares its `Collection` and has nothing else to write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._difference import Clear
from proxmox_mpc.kinds._kind import Live, Resource
from proxmox_mpc.kinds._view import View

Row = Mapping[str, Any]
Scope = Mapping[str, str]
"""The variables of a list's path: `{"node": "pve1"}`; none for a list of the cluster."""


async def _nothing(view: View, resource: Resource, live: Live | None) -> None:
    return None


async def _no_facts(view: View) -> Mapping[str, Mapping[str, Any]]:
    return {}


async def _once(view: View) -> Sequence[Scope]:
    return [{}]


async def each_node(view: View) -> Sequence[Scope]:
    """One list per node that is online."""
    return [{"node": name} for name in await view.nodes()]


@dataclass(frozen=True)
class Collection:
    """One collection of the API.

    `path` lists, `make` (else `path`) creates, `item` reads one, changes and deletes; `key` names a row of the list.
    `name` is how the variables of `item` make the object's name, such as `{node}/{iface}`; without it the name is the
    last variable alone. `by_field` are variables that a field holds instead: an endpoint's type. `posted` are parts of
    the name that POST knows by another parameter, `query` is asked with every list, and what stands `beside` a list is
    put into its rows. `scopes` are the lists that there are, where `path` has variables. With `detailed`, the list
    does not show everything, and each object is read by itself. `mine` picks the rows that are of this kind, `fixed`
    are parameters that all of them have.

    `clear` is how a field is unset: by `delete=NAME`, by sending it empty, or by not sending it; `lasting` are
    parameters that `delete` refuses. `demanded` are values of parameters
    that nobody needs to write. `whole` are parameters that a change must always send, for PUT forgets or demands
    them; `"*"` stands for all. `told_once` is the part of POST's answer that is a secret,
    `apart` are fields that the driver writes by requests of their own. `comment` is the
    parameter that can carry the ownership mark. `row` makes of the API's row what the spec declares, `waits` tells
    whether it is written and not applied yet.
    """

    path: str
    item: str
    key: str
    make: str = ""
    name: str = ""
    by_field: Mapping[str, str] = field(default_factory=dict)
    posted: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    beside: str = ""
    scopes: Callable[[View], Awaitable[Sequence[Scope]]] = _once
    detailed: bool = False
    mine: Callable[[Row], bool] = lambda row: True
    row: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
    waits: Callable[[Row], bool] = lambda row: False
    fixed: Mapping[str, str] = field(default_factory=dict)
    demanded: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    clear: Clear = "delete"
    lasting: frozenset[str] = frozenset()
    comment: str = ""
    told_once: str = ""
    apart: frozenset[str] = frozenset()
    facts: Callable[[View], Awaitable[Mapping[str, Mapping[str, Any]]]] = _no_facts
    check: Callable[[View, Resource, Live | None], Awaitable[None]] = _nothing
    until: int = 1000
    """The first major version that does not have it any more, where its API still knows the path."""
    instead: Callable[[Resource], str] = lambda resource: ""
    """What to declare where the cluster's version has no such collection."""

    @property
    def variables(self) -> list[str]:
        """Those of an object's own path, its own name last."""
        return _names.variables(self.item) or [self.key]

    @property
    def pattern(self) -> str:
        return self.name or f"{{{self.variables[-1]}}}"
