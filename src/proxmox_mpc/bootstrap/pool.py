"""Connections to clusters that many sessions share: one for each context, as long as it stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxmox_mpc.bootstrap.clusters import target_of

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store import Context


@dataclass
class _Shared:
    cluster: Cluster
    users: int = 0
    replaced: bool = False


@dataclass
class ClusterPool:
    """Opened when first used; a context that was changed gets a connection of its own, and the old one is closed once
    nobody uses it any more."""

    resolver: AbstractResolver | None = None
    """How endpoints' names are found; as this machine does without."""
    _open: dict[str, tuple[Context, _Shared]] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def use(self, context: Context) -> AsyncIterator[Cluster]:
        shared = await self._shared(context)
        shared.users += 1
        try:
            yield shared.cluster
        finally:
            shared.users -= 1
            if shared.replaced and not shared.users:
                await shared.cluster.__aexit__(None, None, None)

    async def _shared(self, context: Context) -> _Shared:
        from proxmox_mpc.pve import Cluster

        async with self._turn:
            known, shared = self._open.get(context.name, (None, None))
            if shared is not None and known == context:
                return shared
            opened = _Shared(await Cluster(target_of(context), resolver=self.resolver).__aenter__())
            self._open[context.name] = (context, opened)
            if shared is not None:
                shared.replaced = True
                if not shared.users:
                    await shared.cluster.__aexit__(None, None, None)
            return opened

    async def close(self) -> None:
        """Close all that nobody uses; the others close when their users are done."""
        for _, shared in self._open.values():
            shared.replaced = True
            if not shared.users:
                await shared.cluster.__aexit__(None, None, None)
        self._open.clear()
