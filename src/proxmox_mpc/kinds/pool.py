"""Pool: a set of guests and storages, and the place that a namespace has on the cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, Prose, field
from proxmox_mpc.kinds._kind import Change, Column, Key, Live, Need, Owned, Resource
from proxmox_mpc.kinds._regular import CollectionDriver, regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_STORAGES = "storages"


class PoolSpec(Part):
    """A resource pool. Guests join it by their namespace."""

    comment: Prose | None = field("comment", help="A remark.")
    storages: NameList | None = field("storage", help="Storages in it, for those who may use the pool.")


class PoolDriver(CollectionDriver):
    """A list of pools does not tell what is in them: that is asked only where a manifest speaks of it."""

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        lives = await super().observe(view, wanted, owned)
        told = {resource.key for resource in wanted if _STORAGES in resource.fields}
        told |= {item.key for item in owned if _STORAGES in (item.applied or {})}
        found = (_with_storages(view, live) if live.key in told else _as_is(live) for live in lives)
        return list(await asyncio.gather(*found))

    async def detail(self, view: View, lives: Sequence[Live]) -> list[Live]:
        return list(await asyncio.gather(*(_with_storages(view, live) for live in lives)))

    async def create(self, run: Run, resource: Resource) -> Live:
        return await self._fill(run, await super().create(run, resource), resource.fields.get(_STORAGES))

    async def change(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        wanted = {change.path: change.new for change in changes}
        live = await super().change(run, live, resource, [c for c in changes if c.path != _STORAGES])
        return await self._fill(run, live, wanted[_STORAGES] or []) if _STORAGES in wanted else live

    async def delete(self, run: Run, live: Live) -> None:
        if _STORAGES in run.applied:
            await self._fill(run, live, [])
        await super().delete(run, live)

    async def _fill(self, run: Run, live: Live, wanted: Value | None) -> Live:
        """Let the pool have these storages, and no other."""
        if not isinstance(wanted, list):
            return live
        now = (await _with_storages(run.view, live)).fields.get(_STORAGES, [])
        assert isinstance(now, list)
        for names, delete, word in ((set(wanted) - set(now), False, "to"), (set(now) - set(wanted), True, "from")):
            if names:
                params = {**live.identity, "storage": sorted(names), "delete": delete}
                await run.call("PUT", "/pools", params, title=f"storages {word} {live.key.name}")
        return replace(live, fields={**live.fields, _STORAGES: sorted(wanted)})


async def _with_storages(view: View, live: Live) -> Live:
    [pool] = await view.pve.get("/pools", live.identity)
    found = sorted({row["storage"] for row in pool["members"] if row.get("type") == "storage"})
    return replace(live, fields={**live.fields, **({_STORAGES: found} if found else {})})


async def _as_is(live: Live) -> Live:
    return live


async def members(view: View) -> Mapping[str, Mapping[str, Any]]:
    """How many guests each pool has, from the bulk rows."""
    counts: dict[str, dict[str, Any]] = {}
    for row in await view.rows("qemu", "lxc"):
        if pool := row.get("pool"):
            facts = counts.setdefault(pool, {"guests": 0})
            facts["guests"] += 1
    return counts


def _needs(resource: Resource) -> list[Need]:
    named = resource.fields.get(_STORAGES)
    return [Need(Key("Storage", "", name), _STORAGES) for name in named] if isinstance(named, list) else []


KIND = regular(
    "Pool",
    "pools",
    ("po",),
    PoolSpec,
    # The item's own path takes no nested pools (`a/b`), the collection with `poolid` does (9.1 and 8.4).
    Collection(
        "/pools", "/pools", "poolid", clear="empty", comment="comment", facts=members, apart=frozenset({_STORAGES})
    ),
    driver=PoolDriver,
    needs=_needs,
    columns=(
        Column.name(),
        Column("GUESTS", lambda live: live.facts.get("guests", 0), right=True),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"members"}),
    order=10,
    example="""\
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: production }
spec: { comment: What customers see }
""",
)
