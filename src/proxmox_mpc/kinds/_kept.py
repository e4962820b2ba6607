"""Objects that no cluster holds: only the store knows them. They steer what happens to others.

What belongs here: kinds whose declaration is all that there is of them. When the store is lost they are, too, and come
back with the next apply of their manifest. What never does: anything that the cluster could hold itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._kind import Change, Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from pydantic import BaseModel

own = partial(field, kept=True)
"""Declare a field of such an object."""

Facts = Callable[[View, Live], Awaitable[Mapping[str, Any]]]


class KeptDriver(Driver):
    """Reads what is remembered, and has nothing to write: what was applied is remembered anyway."""

    def __init__(self, kind: str, facts: Facts, check: Callable[[View, Resource], Awaitable[None]]) -> None:
        self.kind = kind
        self._facts = facts
        self._check = check

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        return await self._lives(view, owned)

    async def rows(self, view: View) -> list[Live]:
        return await self._lives(view, (await view.remembered()).values())

    async def _lives(self, view: View, owned: Iterable[Owned]) -> list[Live]:
        kept = [_live(o.key, o.applied) for o in owned if o.key.kind == self.kind and o.applied is not None]
        facts = await asyncio.gather(*(self._facts(view, live) for live in kept))
        return [_live(live.key, live.fields, found) for live, found in zip(kept, facts, strict=True)]

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        await self._check(view, resource)
        return resource

    async def create(self, run: Run, resource: Resource) -> Live:
        return _live(resource.key, resource.fields)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        return _live(resource.key, resource.fields)

    async def delete(self, run: Run, live: Live) -> None:
        return None

    def writes(self) -> Sequence[Write]:
        return []


def _live(key: Key, fields: Mapping[str, Value], facts: Mapping[str, Any] | None = None) -> Live:
    return Live(key, {key.kind: key.label}, dict(fields), facts or {})


async def _no_facts(view: View, live: Live) -> Mapping[str, Any]:
    return {}


async def _anything(view: View, resource: Resource) -> None:
    return None


def kept(
    name: str,
    plural: str,
    short: tuple[str, ...],
    model: type[BaseModel],
    *,
    facts: Facts = _no_facts,
    check: Callable[[View, Resource], Awaitable[None]] = _anything,
    **more: Any,
) -> Kind:
    """The kind of objects that only the store holds; `facts` are what is shown of one besides its fields."""
    return Kind(
        name=name, plural=plural, short=short, model=model, driver=KeptDriver(name, facts, check), kept=True, **more
    )
