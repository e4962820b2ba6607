"""The engine's journal, kept in the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from proxmox_mpc.applications.ownership import to_record
from proxmox_mpc.kinds._kind import Key, Owned

if TYPE_CHECKING:
    from proxmox_mpc.store import Store

RESERVATION_S = 900
"""How long a VMID stays reserved: longer than any create or clone takes to claim it on the cluster."""


@dataclass(frozen=True)
class StoreJournal:
    """Writes what one run does to the store, before and after it does it."""

    store: Store
    context: str
    run_id: str
    now: Callable[[], datetime]

    async def sending(self, step: str, resource: str, method: str, path: str) -> int:
        return await self.store.runs.sending(self.run_id, step, resource, method, path)

    async def accepted(self, entry: int, upid: str) -> None:
        await self.store.runs.accepted(self.run_id, entry, upid)

    async def done(self, entry: int, told: tuple[Key, str] | None = None) -> None:
        also = None
        if told is not None:
            key, secret = told
            also = self.store.kept_secrets.keeping(self.context, key.kind, key.namespace, key.name, secret)
        await self.store.runs.done(self.run_id, entry, also)

    async def failed(self, entry: int, error: str) -> None:
        await self.store.runs.failed(self.run_id, entry, error)

    async def reserve(self, vmid: int, owner: str) -> bool:
        return await self.store.reservations.reserve(self.context, vmid, owner, RESERVATION_S)

    async def claim(self, owned: Owned) -> bool:
        return await self.store.resources.claim(to_record(owned, self.context, self.now()))

    async def remember(self, owned: Owned) -> None:
        await self.store.resources.put(to_record(owned, self.context, self.now()))

    async def unclaim(self, key: Key, before: Owned | None) -> None:
        if before is not None:
            await self.remember(before)
        else:
            await self.store.resources.delete(self.context, key.kind, key.namespace, key.name)

    async def forget(self, key: Key) -> None:
        await self.store.resources.delete(self.context, key.kind, key.namespace, key.name)
        await self.store.kept_secrets.delete(self.context, key.kind, key.namespace, key.name)
