"""Replication jobs: at its time, each copies its guest's volumes to the target; one that is to go clears up first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from proxmox_mpc.simulator.answers.guests import _replication
from proxmox_mpc.simulator.daemons.jobs._job import Job
from proxmox_mpc.simulator.state.cluster import Cluster

FILE = _replication.FILE


def jobs(cluster: Cluster) -> Iterator[Job]:
    for name in cluster.files.get(FILE, {}):
        moment = _replication.next_sync(cluster, name)
        if moment is not None:
            yield Job(f"replication/{name}", partial(_start, cluster, name), at=moment)


def _start(cluster: Cluster, name: str) -> None:
    _replication.begin(cluster, name)
    cluster.spawn(f"replication {name}", _replication.run(cluster, name))
