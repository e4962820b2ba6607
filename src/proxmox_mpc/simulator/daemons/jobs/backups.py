"""Backup jobs: at its time, each node backs up those of a job's guests that are on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator.answers.nodes import _dump
from proxmox_mpc.simulator.answers.sections import backup_jobs
from proxmox_mpc.simulator.daemons import DAEMON_USER
from proxmox_mpc.simulator.daemons.jobs._job import Job
from proxmox_mpc.simulator.state.cluster import Cluster

FILE = backup_jobs.FILE


def jobs(cluster: Cluster) -> Iterator[Job]:
    for name, job in cluster.files.get(FILE, {}).items():
        event = job["schedule"] if job.get("enabled") != "0" else ""
        missed = job.get("repeat-missed") == "1"
        yield Job(f"vzdump/{name}", partial(_run, cluster, job), event, repeats_missed=missed)


def _run(cluster: Cluster, job: dict[str, Any]) -> None:
    for node in cluster.nodes.values():
        if not node.online or job.get("node", node.name) != node.name:
            continue
        here = [g.vmid for g in cluster.guests.values() if g.node == node.name]
        vmids = [v for v in here if backup_jobs.covers(cluster, job, v)]
        # Nodes that have none of the guests say nothing, unless all guests are meant (PVE::API2::VZDump, 9.1).
        if vmids or job.get("all") == "1":
            name = str(vmids[0]) if len(vmids) == 1 else ""
            work = partial(_work, node=node.name, vmids=vmids, options=_dump.Options({"quiet": "1", **job}))
            _tasks.start(cluster, node.name, "vzdump", name, DAEMON_USER, work)


async def _work(work: _tasks.Work, node: str, vmids: list[int], options: _dump.Options) -> None:
    _dump.check_storage(work.cluster, options.storage)
    await _dump.run(work, node, vmids, options)
