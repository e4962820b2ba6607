"""A simulated cluster, a client of it, and the engine on top: what most tests of the middle need."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from proxmox_mpc.engine import manifests, planner
from proxmox_mpc.engine.execute import Execution, Outcome
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key, Live, Owned, Resource
from proxmox_mpc.kinds._view import View
from proxmox_mpc.pve import Clock, Cluster, Password, SystemTrust, Target, Token
from proxmox_mpc.simulator import Simulator


@dataclass
class MemoryJournal:
    """A journal that forgets everything at the end: the engine's edge, swapped; the middle is real."""

    owned: dict[Key, Owned] = field(default_factory=dict)
    entries: list[tuple[str, ...]] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)
    upids: dict[int, str] = field(default_factory=dict)
    told: dict[Key, str] = field(default_factory=dict)

    async def sending(self, step: str, resource: str, method: str, path: str) -> int:
        self.entries.append((step, resource, method, path))
        self.states[len(self.entries) - 1] = "sending"
        return len(self.entries) - 1

    async def accepted(self, entry: int, upid: str) -> None:
        self.states[entry], self.upids[entry] = "accepted", upid

    async def done(self, entry: int, told: tuple[Key, str] | None = None) -> None:
        self.states[entry] = "done"
        self.told |= dict([told] if told else [])

    async def failed(self, entry: int, error: str) -> None:
        self.states[entry] = "failed"

    async def reserve(self, vmid: int, owner: str) -> bool:
        return True

    async def claim(self, owned: Owned) -> bool:
        known = self.owned.get(owned.key, owned)
        if known.application == owned.application:
            self.owned[owned.key] = owned
        return known.application == owned.application

    async def remember(self, owned: Owned) -> None:
        self.owned[owned.key] = owned

    async def unclaim(self, key: Key, before: Owned | None) -> None:
        self.owned.pop(key, None)
        if before is not None:
            self.owned[key] = before

    async def forget(self, key: Key) -> None:
        self.owned.pop(key, None)


@dataclass
class Lab:
    """Plan and apply texts as a user would, on a simulated cluster."""

    sim: Simulator
    pve: Cluster
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    progress: list[Progress] = field(default_factory=list)
    _uids: Callable[[], str] = field(default_factory=lambda: map("uid-{}".format, itertools.count(1)).__next__)

    def view(self) -> View:
        async def remembered() -> dict[Key, Owned]:
            return self.journal.owned

        fingerprint = "fingerprint of {} letters, {}".format
        return View(self.pve, lambda secret: fingerprint(len(secret), hash(secret)), remembered=remembered)

    def resources(self, text: str) -> list[Resource]:
        documents = manifests.documents([manifests.Text("test.yaml", text)])
        return manifests.resources(documents, find_kind, fingerprint=self.view().fingerprint)

    async def plan(self, text: str, *, application: str = "test", **choices: Any) -> Plan:
        wish = planner.Wish("lab", application, self.resources(text), dict(self.journal.owned), **choices)
        return await planner.plan(self.view(), find_kind, wish)

    async def execute(self, plan: Plan) -> list[Outcome]:
        run = Execution(self.view(), find_kind, plan, self.journal, self._uids, self.progress.append, sleep=_soon)
        return await run.run()

    async def apply(self, text: str, **choices: Any) -> Plan:
        plan = await self.plan(text, **choices)
        await self.execute(plan)
        return plan

    async def delete(self, *lives: Live) -> None:
        wish = planner.Wish("lab", "test", owned=dict(self.journal.owned))
        await self.execute(await planner.plan_deletion(self.view(), find_kind, wish, lives))

    async def lives(self, kind: str) -> list[Live]:
        """Everything of a kind, with all its fields."""
        driver, view = find_kind(kind).driver, self.view()
        return await driver.detail(view, await driver.rows(view))

    async def live(self, kind: str, name: str) -> Live:
        return next(live for live in await self.lives(kind) if live.key.name == name)

    async def config(self, kind: str, name: str) -> dict[str, Any]:
        """What the API itself says of a guest: the word that counts."""
        return dict((await self.live(kind, name)).raw)

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of every write that the cluster has seen."""
        return [(method, path) for method, path in self.sim.requests if method != "GET"]


async def _soon(seconds: float) -> None:
    await asyncio.sleep(0.001)


@asynccontextmanager
async def lab(**options: Any) -> AsyncIterator[Lab]:
    """A fresh simulated cluster of three nodes, over plain HTTP on loopback, whose tasks take no time.

    `as_root` logs in as root@pam itself instead of with its token; the rest goes to `Simulator`.
    """
    as_root = options.pop("as_root", False)
    async with Simulator(**{"preset": "demo", "tls": False, "time_scale": 0.0, **options}) as sim:
        token_id, _, secret = sim.token.partition("=")
        login = Password("root@pam", sim.password) if as_root else Token(token_id, secret)
        target = Target((sim.url,), login, SystemTrust())
        async with Cluster(target, clock=Clock(sleep=_soon)) as pve:
            yield Lab(sim, pve)
