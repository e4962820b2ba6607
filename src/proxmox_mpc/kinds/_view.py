"""The cluster as one command sees it: each collection is read at most once, together where possible."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxmox_mpc.kinds._kind import Key, Owned, Resource
    from proxmox_mpc.pve import Cluster


async def _nothing() -> Mapping[Key, Owned]:
    return {}


@dataclass
class View:
    """The cluster as one command sees it: each collection is read at most once, together where possible.

    `wanted` is all that is declared beside what is being looked at, `planned` what of it is not there yet.
    """

    pve: Cluster
    fingerprint: Callable[[str], str] = lambda secret: ""
    planned: Mapping[Key, Resource] = field(default_factory=dict)
    remembered: Callable[[], Awaitable[Mapping[Key, Owned]]] = _nothing
    """What the store knows to be owned: for objects of which the cluster holds nothing, or not the name."""
    wanted: Mapping[Key, Resource] = field(default_factory=dict, repr=False)
    _memo: dict[str, asyncio.Future[Any]] = field(default_factory=dict, repr=False)

    async def once(self, name: str, read: Callable[[], Awaitable[Any]]) -> Any:
        """The answer of `read`, which is asked only the first time `name` is wanted."""
        if name not in self._memo:
            self._memo[name] = asyncio.ensure_future(read())
        return await asyncio.shield(self._memo[name])

    def forget_all(self) -> None:
        """Look at everything anew."""
        self._memo.clear()

    def forget(self, name: str) -> None:
        self._memo.pop(name, None)

    async def resources(self) -> list[dict[str, Any]]:
        """All rows of /cluster/resources: one request, about 10 s late for fresh writes (facts.md 20)."""
        rows: list[dict[str, Any]] = await self.once("resources", lambda: self.pve.get("/cluster/resources"))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            from proxmox_mpc.pve import UnexpectedAnswer

            raise UnexpectedAnswer("the cluster's list of what it has is none", path="/cluster/resources")
        return rows

    async def rows(self, *types: str) -> list[dict[str, Any]]:
        """The rows of /cluster/resources of these types; sorted by type once, for every guest asks for some."""
        by_type: dict[str, list[dict[str, Any]]] = await self.once("rows by type", self._rows_by_type)
        return [row for name in types for row in by_type.get(name, ())]

    async def _rows_by_type(self) -> dict[str, list[dict[str, Any]]]:
        by_type: dict[str, list[dict[str, Any]]] = {}
        for row in await self.resources():
            by_type.setdefault(str(row.get("type")), []).append(row)
        return by_type

    async def storages(self) -> dict[str, dict[str, Any]]:
        """Storage definitions by id."""
        answer = await self.once("storages", lambda: self.pve.get("/storage"))
        return {row["storage"]: row for row in answer}

    async def pools(self) -> dict[str, dict[str, Any]]:
        answer = await self.once("pools", lambda: self.pve.get("/pools"))
        return {row["poolid"]: row for row in answer}

    async def status(self) -> list[dict[str, Any]]:
        """The cluster's name and nodes."""
        rows: list[dict[str, Any]] = await self.once("status", lambda: self.pve.get("/cluster/status"))
        return rows

    async def tasks(self) -> list[dict[str, Any]]:
        """The cluster's recent tasks."""
        rows: list[dict[str, Any]] = await self.once("tasks", lambda: self.pve.get("/cluster/tasks"))
        return rows

    async def free_vmid(self) -> tuple[int, set[int]]:
        """The VMID that PVE would hand out next, and all that are taken as far as the bulk rows know."""
        following = int(await self.pve.get("/cluster/nextid"))
        return following, {int(row["vmid"]) for row in await self.rows("qemu", "lxc")}

    async def nodes(self) -> list[str]:
        """Names of all nodes that are online, sorted."""
        return sorted(row["node"] for row in await self.rows("node") if row.get("status") == "online")

    async def offline(self) -> set[str]:
        """Names of the nodes that do not answer."""
        return {row["node"] for row in await self.rows("node")} - set(await self.nodes())
