"""When the HA manager's rounds happen: every ten seconds while something moves; else at the next change."""

from __future__ import annotations

import asyncio

from proxmox_mpc.simulator._daemons import daemon
from proxmox_mpc.simulator.daemons.ha import manager
from proxmox_mpc.simulator.state.cluster import Cluster

ROUND_S = 10.0


@daemon(manager.has_work)
async def run(cluster: Cluster, woken: asyncio.Event) -> None:
    while manager.has_work(cluster):
        woken.clear()
        await cluster.clock.sleep(ROUND_S)
        if manager.play_round(cluster):
            # To be saved, and seen by those who wait for it.
            cluster.note_change()
        else:
            await woken.wait()
    cluster.ha.requests.clear()
