"""Regular collections: a list that is read whole, items that are posted, put and deleted.

Most kinds are one of these. A kind declares its `Collection` and has nothing else to write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._kind import Change, Key, Live, Owned, Resource, Run, View
from proxmox_mpc.kinds._mark import Mark, split_short, with_short
from proxmox_mpc.kinds._schema import Schema


async def _nothing(view: View, resource: Resource, live: Live | None) -> None:
    return None


async def _no_facts(view: View) -> Mapping[str, Mapping[str, Any]]:
    return {}


@dataclass(frozen=True)
class Collection:
    """One collection of the API.

    `path` lists and creates, `item` changes and deletes; `key` names an object. `clear` is how a field is unset:
    by `delete=NAME`, or by sending it empty. `comment` is the parameter that can carry the ownership mark.
    """

    kind: str
    path: str
    item: str
    key: str
    clear: Literal["delete", "empty"] = "delete"
    comment: str = ""
    facts: Callable[[View], Awaitable[Mapping[str, Mapping[str, Any]]]] = _no_facts
    check: Callable[[View, Resource, Live | None], Awaitable[None]] = _nothing


class CollectionDriver:
    """Reads and writes the objects of one collection."""

    def __init__(self, collection: Collection, schema: Callable[[], Schema]) -> None:
        self.collection = collection
        self._schema = schema

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        return await self._all(view, {})

    async def rows(self, view: View) -> list[Live]:
        return await self._all(view, await self.collection.facts(view))

    async def detail(self, view: View, lives: Sequence[Live]) -> list[Live]:
        return list(lives)  # a collection's list shows everything

    async def _all(self, view: View, facts: Mapping[str, Mapping[str, Any]]) -> list[Live]:
        path = self.collection.path
        answer: list[dict[str, Any]] = await view.once(path, lambda: view.pve.get(path))
        return [self._live(row, facts.get(str(row[self.collection.key]), {})) for row in answer]

    def _live(self, row: Mapping[str, Any], facts: Mapping[str, Any]) -> Live:
        it = self.collection
        name = str(row[it.key])
        key = Key(it.kind, "", name)
        config = {param: value for param, value in row.items() if param != it.key}
        mark: Mark | None = None
        if it.comment and it.comment in config:
            text, mark = split_short(str(config[it.comment]), key)
            config[it.comment] = text or None
        fields = self._schema().decode(config)
        return Live(key, {it.key: name}, fields, {**row, **facts}, mark, str(row.get("digest", "")), row)

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        await self.collection.check(view, resource, live)
        return resource

    def cost(self, live: Live, change: Change) -> Change:
        return change

    async def pending(self, view: View, live: Live) -> list[str]:
        return []

    def _params(self, run: Run, fields: Fields, resource: Resource) -> dict[str, str]:
        params = self._schema().encode(fields, resource.secrets)
        if self.collection.comment:
            params[self.collection.comment] = with_short(params.get(self.collection.comment, ""), run.mark())
        return params

    async def create(self, run: Run, resource: Resource) -> Live:
        it = self.collection
        own = {p: v for p, v in resource.fields.items() if p not in resource.secrets}
        params: dict[str, Any] = {it.key: resource.key.name, **self._params(run, own, resource)}
        makes = {it.key: resource.key.name}
        async with run.lane(f"file:{it.path}"):
            await run.call("POST", it.path, params, title=f"create {resource.key.name}", makes=makes)
        return await self._reread(run, resource)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        # One file holds them all, and each write changes its digest: our own take turns, each from a fresh read.
        async with run.lane(f"file:{self.collection.path}"):
            return await self._update(run, await self._reread(run, resource), resource, changes)

    async def _update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        it = self.collection
        merged: Fields = dict(live.fields)
        for change in changes:
            if change.new is None:
                merged.pop(change.path, None)
            else:
                merged[change.path] = change.new
        secrets = {c.path: resource.secrets[c.path] for c in changes if c.path in resource.secrets}
        hidden = {p for p in merged if (leaf := self._schema().leaf(p)) is not None and leaf.wire.secret}
        before = self._schema().encode({p: v for p, v in live.fields.items() if p not in hidden})
        after = self._params(
            run, {p: v for p, v in merged.items() if p not in hidden}, replace(resource, secrets=secrets)
        )
        if it.comment:
            before[it.comment] = str(live.raw.get(it.comment, ""))
        params: dict[str, Any] = {name: text for name, text in after.items() if before.get(name) != text}
        gone = sorted(before.keys() - after.keys())
        if gone:
            params |= dict.fromkeys(gone, "") if it.clear == "empty" else {"delete": gone}
        if not params:
            return live
        if live.digest:
            params["digest"] = live.digest
        await run.call("PUT", it.item, {it.key: resource.key.name, **params}, title=f"change {resource.key.name}")
        return await self._reread(run, resource)

    async def _reread(self, run: Run, resource: Resource) -> Live:
        run.view.forget(self.collection.path)
        name = resource.key.name
        return next(live for live in await self._all(run.view, {}) if live.key.name == name)

    async def delete(self, run: Run, live: Live) -> None:
        it = self.collection
        await run.call("DELETE", it.item, {it.key: live.key.name}, title=f"delete {live.key.name}")
        run.view.forget(it.path)
