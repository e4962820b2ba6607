"""Settings: objects that every cluster, node or guest has once. They are read and put, never made.

To declare them is to take them; to delete them is to put back to its default what was declared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Scope
from proxmox_mpc.kinds._difference import Clear, Difference, changed
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._kind import Change, Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._parameters import check_parameters
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from pydantic import BaseModel


async def _nothing(view: View, resource: Resource, live: Live | None) -> None:
    return None


async def once(view: View) -> Sequence[Scope]:
    """Settings of the cluster."""
    return [{}]


@dataclass(frozen=True)
class Settings:
    """Settings at one path of the API.

    `path` is read and put; `name` is how its variables make the object's name (`{node}`), or the one name that there
    is. `scopes` are the objects that there are; without it they are those that a manifest names. `read` makes one
    mapping of the answer; `row`, `clear` and `whole` are as for a `Collection`.
    """

    path: str
    name: str
    scopes: Callable[[View], Awaitable[Sequence[Scope]]]
    read: Callable[[Any], dict[str, Any]] = lambda answer: answer or {}
    row: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
    whole: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    """Parameters that PVE always wants: they can be changed, and never unset."""
    clear: Clear = "delete"
    verb: Literal["PUT", "POST"] = "PUT"
    beside: Callable[[Mapping[str, Any], dict[str, Any]], dict[str, Any]] = lambda answer, params: params
    """The parameters of a write with what else stands in them, by what was answered: what `row` hides."""
    comes_with: Key | None = None
    """What brings these settings along, where a plan can make it."""
    check: Callable[[View, Resource, Live | None], Awaitable[None]] = _nothing


class SettingsDriver(Driver):
    """Reads and writes settings."""

    def __init__(self, kind: str, settings: Settings, schema: Callable[[], Schema]) -> None:
        self.kind = kind
        self.settings = settings
        self._schema = schema

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        it = self.settings
        names = {resource.key.name for resource in wanted} | {item.key.name for item in owned}
        return await self._all(view, [s for s in await it.scopes(view) if _names.fill(it.name, s) in names])

    async def rows(self, view: View) -> list[Live]:
        return await self._all(view, await self.settings.scopes(view))

    async def _all(self, view: View, scopes: Sequence[Scope]) -> list[Live]:
        return list(await asyncio.gather(*(self._read(view, scope) for scope in scopes)))

    async def _read(self, view: View, scope: Mapping[str, Any]) -> Live:
        it = self.settings
        memo = _names.fill(it.path, scope)
        answer = it.read(await view.once(memo, lambda: view.pve.get(it.path, scope)))
        config = it.row({name: value for name, value in answer.items() if value not in ("", None)})
        key = Key(self.kind, "", _names.fill(it.name, scope))
        facts = {name: value for name, value in answer.items() if name not in self._schema().secret_keys}
        return Live(
            key, dict(scope), self._schema().decode(config), facts, None, str(answer.get("digest") or ""), config
        )

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        it = self.settings
        if live is None and it.comes_with in view.planned:
            return resource
        if live is None:
            known = ", ".join(sorted(_names.fill(it.name, scope) for scope in await it.scopes(view)))
            raise resource.invalid("metadata.name", f"there is no {self.kind} {resource.key.name!r}", f"known: {known}")
        check_parameters(await view.pve.api(), self._schema(), resource, resource.fields, it.verb, it.path)
        await it.check(view, resource, live)
        return resource

    async def create(self, run: Run, resource: Resource) -> Live:
        """What they came with was just made: they are looked for, and set."""
        run.view.forget_all()
        live = next(live for live in await self.rows(run.view) if live.key == resource.key)
        changes = [Change(path, live.fields.get(path), value) for path, value in resource.fields.items()]
        return await self.update(run, live, resource, changes)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        it = self.settings
        async with run.lane(f"file:{_names.fill(it.path, live.identity)}"):
            return await self._put(run, await self._fresh(run, live), resource, changes)

    async def _fresh(self, run: Run, live: Live) -> Live:
        run.view.forget(_names.fill(self.settings.path, live.identity))
        return await self._read(run.view, live.identity)

    async def _put(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        it = self.settings
        changes = [change for change in changes if change.new is not None or not self._stays(change.path)]
        params = Difference.of(self._schema(), live, resource, changes).params(clear=it.clear, whole=it.whole)
        if not params:
            return live
        params = it.beside(live.facts, params)
        if live.digest and run.view.pve.facts.parameter(it.verb, it.path, "digest") is not None:
            params["digest"] = live.digest
        await run.call(it.verb, it.path, {**live.identity, **params}, title=f"change {live.key.name}")
        return await self._fresh(run, live)

    def _stays(self, path: str) -> bool:
        leaf = self._schema().leaf(path)
        return leaf is not None and leaf.key in self.settings.kept

    async def delete(self, run: Run, live: Live) -> None:
        """Put back what was declared; what nobody declared stays."""
        changes = changed(live.fields, list(run.applied))
        resource = Resource(live.key, self._schema().model.model_construct(), {})
        async with run.lane(f"file:{_names.fill(self.settings.path, live.identity)}"):
            await self._put(run, await self._fresh(run, live), resource, changes)

    def node_of(self, name: str) -> str:
        return (_names.parse(self.settings.name, name) or {}).get("node", "")

    def writes(self) -> Sequence[Write]:
        return [Write(self.settings.verb, self.settings.path)]


def settings(
    name: str,
    plural: str,
    short: tuple[str, ...],
    model: type[BaseModel],
    where: Settings,
    *,
    ignored: frozenset[str] = frozenset(),
    driver: type[SettingsDriver] = SettingsDriver,
    **more: Any,
) -> Kind:
    """The kind of settings; `driver` knows what is irregular, `more` goes to `Kind`."""
    kind: Kind = Kind(
        name=name,
        plural=plural,
        short=short,
        model=model,
        driver=driver(name, where, lambda: kind.schema),
        ignored=ignored | {"digest"},
        always_there=True,
        **more,
    )
    return kind
