"""Jobs that synchronize realms. No directory can be reached from here, so their tasks fail and say so."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator.answers.access import realms
from proxmox_mpc.simulator.answers.sections.realm_sync import JOBS
from proxmox_mpc.simulator.daemons import DAEMON_USER
from proxmox_mpc.simulator.daemons.jobs._job import Job
from proxmox_mpc.simulator.state.cluster import Cluster

FILE = JOBS.file


def jobs(cluster: Cluster) -> Iterator[Job]:
    for name, job in cluster.files.get(FILE, {}).items():
        event = job["schedule"] if job.get("enabled") != "0" else ""
        yield Job(f"realm-sync/{name}", partial(_run, cluster, job["realm"]), event)


def _run(cluster: Cluster, realm: str) -> None:
    node = next(node.name for node in cluster.nodes.values() if node.online)
    _tasks.start(cluster, node, "auth-realm-sync", realm, DAEMON_USER, realms.synchronizing(realm))
