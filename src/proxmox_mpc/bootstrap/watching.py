"""Guests and nodes as they change: looked at while somebody listens, told to all that do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.errors import MpcError
from proxmox_mpc.jobs.leader import Leader
from proxmox_mpc.store import NewMessage
from proxmox_mpc.telemetry import Logger

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background

EVERY_S = 5.0
"""How often a cluster is asked: its bulk rows are themselves some seconds old (facts.md 20)."""
WANTED_S = 1.0
"""How soon it is seen that somebody begins to listen, or that nobody does any more."""
_ROOMS = ("guests", "nodes")
_GUEST = ("name", "type", "node", "status", "tags", "template", "lock", "pool")
_NODE = ("status",)
_WHO = Who("system", Access.everything())
_log = Logger("watching")

Rows = dict[str, dict[str, Any]]


@dataclass
class Watching:
    """Watches each context, one replica at a time, while a room of guests or nodes is `wanted` here."""

    background: Background
    wanted: Callable[[], Iterable[str]]
    _watched: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Watch until it is cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(WANTED_S)
        finally:
            await self._only(())

    async def _look(self) -> None:
        heard = any(room.partition("/")[0] in _ROOMS for room in self.wanted())
        try:
            contexts = await self.background.store.contexts.list() if heard else []
        except Exception as error:  # a database that is away for a moment
            _log.warning("contexts cannot be read", why=str(error) or type(error).__name__)
            return
        names = [context.name for context in contexts]
        await self._only(names)
        for name in names:
            if name not in self._watched:
                leader = Leader(self.background.store, f"watching {name}", self.background.name)
                self._watched[name] = asyncio.create_task(leader.run(lambda name=name: self._watch(name)))  # type: ignore[misc]

    async def _only(self, names: Iterable[str]) -> None:
        gone = set(self._watched) - set(names)
        tasks = [self._watched.pop(name) for name in gone]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, context: str) -> None:
        before: Rows | None = None
        while True:
            try:
                async with self.background.session(_WHO, context) as session:
                    rows = facts_of(await (await session.view()).resources())
                if before is not None and (told := list(differences(context, before, rows))):
                    await self.background.bus.publish(told)
                before = rows
            except Exception as error:
                why = error.code if isinstance(error, MpcError) else str(error) or type(error).__name__
                _log.info("a context cannot be watched now", context=context, why=why)
            await asyncio.sleep(EVERY_S)


def facts_of(rows: Iterable[Mapping[str, Any]]) -> Rows:
    """What is told of guests and nodes, by the rooms that hear of them."""
    found: Rows = {}
    for row in rows:
        if row.get("type") in ("qemu", "lxc"):
            found[f"guests/{row['vmid']}"] = {"vmid": row["vmid"], **{name: row.get(name) for name in _GUEST}}
        elif row.get("type") == "node":
            found[f"nodes/{row['node']}"] = {"node": row["node"], **{name: row.get(name) for name in _NODE}}
    return found


def differences(context: str, before: Rows, now: Rows) -> Iterator[NewMessage]:
    """What came, went, or is another way than before; each in its own room and in that of all of its kind."""
    for room in sorted(before.keys() | now.keys()):
        old, new = before.get(room), now.get(room)
        if old == new:
            continue
        kind = room.partition("/")[0]
        what = "added" if old is None else "removed" if new is None else "changed"
        facts = new or old or {}
        was = {name: old[name] for name in facts if old[name] != facts[name]} if old and new else {}
        payload = {**facts, **({"was": was} if was else {})}
        space = str(facts.get("pool") or "default") if kind == "guests" else ""
        for each in (kind, room):
            yield NewMessage(each, f"{kind.removesuffix('s')}.{what}", payload, context, space)
