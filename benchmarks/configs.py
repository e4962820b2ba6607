"""Beside a peer, no claim: all configurations of a cluster read, translated and printed (`get vms -o json`), as a share
of what proxmoxer needs to read them alone. Both over TLS, imports included."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks._measure import Figure, cli, cluster, place

GUESTS = 1530
"""Made-up guests; two of three are VMs, which makes more than 1,000 of them."""


def measure() -> list[Figure]:
    """The product's command as it stands against a loop of proxmoxer's, as its manual writes it."""
    with place() as here, cluster(here, "--guests", str(GUESTS)) as reach:
        peer = [sys.executable, str(Path(__file__).with_name("_proxmoxer.py"))]
        theirs, ours = here.compare(peer, cli("get", "vms", "-o", "json"), runs=3, env=reach)
    return [
        Figure("proxmoxer", theirs.cpu_s, "s CPU"),
        Figure("proxmox-cli get vms -o json", ours.cpu_s, "s CPU"),
        Figure("CPU, as a share of proxmoxer's", ours.cpu_s / theirs.cpu_s, "x"),
        Figure("wall time, as a share of proxmoxer's", ours.wall_s / theirs.wall_s, "x"),
    ]
