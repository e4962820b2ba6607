"""Guests that start with their node: as soon as it came up and the cluster agrees on changes."""

from __future__ import annotations

import asyncio

from proxmox_mpc.simulator._daemons import daemon
from proxmox_mpc.simulator.answers.guests import bulk
from proxmox_mpc.simulator.daemons import DAEMON_USER
from proxmox_mpc.simulator.state.cluster import Cluster


def _has_work(cluster: Cluster) -> bool:
    return cluster.is_quorate and any(node.is_fresh and node.online for node in cluster.nodes.values())


@daemon(_has_work)
async def run(cluster: Cluster, woken: asyncio.Event) -> None:
    for node in [n for n in cluster.nodes.values() if n.is_fresh and n.online]:
        node.is_fresh = False
        bulk.start_with_node(cluster, node.name, DAEMON_USER)
