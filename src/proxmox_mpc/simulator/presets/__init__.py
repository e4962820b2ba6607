"""The clusters that a simulator can start as.

- `demo`: three nodes with storages, bridges, a VM template, a container template and an ISO; a token is ready.
- `golden`: the machine that the recordings were made on, exactly.
- `empty`: nodes and nothing else but what every installation has.
"""

from __future__ import annotations

from proxmox_mpc.simulator.presets import demo, empty, fleet, golden
from proxmox_mpc.simulator.state.cluster import Cluster


def make(name: str, nodes: int, guests: int, seed: int) -> Cluster:
    """A fresh cluster. `seed` decides what the made-up guests are; the same seed makes the same guests."""
    cluster = golden.make() if name == "golden" else demo.make(nodes) if name == "demo" else empty.make(nodes)
    fleet.add(cluster, guests, seed)
    return cluster
