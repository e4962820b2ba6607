"""Runs what a cluster does by itself: a daemon sleeps until something changes, and ends when it has nothing to do.

A daemon is an async function of the cluster and an event: `@daemon(has_work)` registers it. It is started when
`has_work` says so after a change (`Cluster.note_change`), gets its event set at every later change, and ends by
itself. So a cluster without schedules and HA has none, and no timers. The daemons are in `daemons/`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from proxmox_mpc.simulator.state.cluster import Cluster

log = logging.getLogger("proxmox_mpc.simulator")

Run = Callable[[Cluster, asyncio.Event], Awaitable[None]]
HasWork = Callable[[Cluster], bool]

_daemons: dict[str, tuple[HasWork, Run]] = {}


def daemon(has_work: HasWork) -> Callable[[Run], Run]:
    """Register the decorated function as a daemon that is started when there is work for it."""

    def register(run: Run) -> Run:
        _daemons[run.__module__] = has_work, run
        return run

    return register


class Daemons:
    """The daemons of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._running: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}
        self._others: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> list[str]:
        """Those that have something to do."""
        return [name.rpartition(".")[2] for name, (task, _) in self._running.items() if not task.done()]

    def start(self) -> None:
        """From now on every change wakes them."""
        self._cluster.wake = self._wake
        self._cluster.spawn = self._spawn
        self._wake()

    def _wake(self) -> None:
        for name, (has_work, run) in _daemons.items():
            known = self._running.get(name)
            if known and not known[0].done():
                known[1].set()
            elif has_work(self._cluster):
                woken = asyncio.Event()
                task = asyncio.get_running_loop().create_task(_guarded(name, run(self._cluster, woken)))
                self._running[name] = task, woken

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(_guarded(name, work))
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def stop(self) -> None:
        self._cluster.wake = lambda: None
        tasks = [task for task, _ in self._running.values()] + list(self._others)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _guarded(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        log.exception("%s stumbled; the next change starts it again", name)
