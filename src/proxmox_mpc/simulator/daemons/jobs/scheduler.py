"""Waits for the next job that is due, and starts it. Without jobs it does not even wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proxmox_mpc.simulator._daemons import daemon
from proxmox_mpc.simulator.daemons.jobs import backups, realm_sync, replication
from proxmox_mpc.simulator.daemons.jobs._job import Job
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.schedules import Schedule, next_after

_KINDS = (backups.jobs, realm_sync.jobs, replication.jobs)


def _has_work(cluster: Cluster) -> bool:
    return any(cluster.files.get(file) for file in (backups.FILE, realm_sync.FILE, replication.FILE))


def _jobs(cluster: Cluster) -> Iterator[Job]:
    for kind in _KINDS:
        yield from kind(cluster)


def _schedule(cluster: Cluster, job: Job) -> Schedule:
    """A job that is new, or has another schedule than before, or was disabled, waits from now on."""
    known = cluster.schedules.get(job.key)
    if known is None or known.event != job.event:
        last_run = known.last_run if known else 0.0
        known = cluster.schedules[job.key] = Schedule(job.event, cluster.now(), last_run)
    return known


def _forgive(cluster: Cluster) -> None:
    """What was missed while the simulator was off is not made up for, unless the job says so."""
    for job in _jobs(cluster):
        if not job.repeats_missed:
            _schedule(cluster, job).since = cluster.now()


@dataclass
class _Due:
    """A job and its moment."""

    moment: float
    run: Callable[[], None]
    schedule: Schedule | None


def _due(cluster: Cluster) -> list[_Due]:
    found, jobs = [], list(_jobs(cluster))
    for job in jobs:
        if job.at is not None:
            found.append(_Due(job.at, job.run, None))
            continue
        schedule = _schedule(cluster, job)
        if job.event and (moment := next_after(job.event, schedule.since)) is not None:
            found.append(_Due(moment, job.run, schedule))
    for key in set(cluster.schedules) - {job.key for job in jobs}:
        del cluster.schedules[key]
    return found


@daemon(_has_work)
async def run(cluster: Cluster, woken: asyncio.Event) -> None:
    _forgive(cluster)
    while _has_work(cluster):
        woken.clear()
        now, waiting = cluster.now(), list[float]()
        for due in _due(cluster):
            if due.moment > now or not cluster.is_quorate:
                waiting.append(due.moment)
                continue
            if due.schedule is not None:
                # Several missed times are made up for once.
                due.schedule.since = due.schedule.last_run = now
                if (following := next_after(due.schedule.event, now)) is not None:
                    waiting.append(following)
            due.run()
        later = [moment for moment in waiting if moment > now]
        await _wait(cluster, woken, min(later, default=None))


async def _wait(cluster: Cluster, woken: asyncio.Event, moment: float | None) -> None:
    """Until the moment, or until something changes."""
    if moment is None:
        await woken.wait()
        return
    timer = asyncio.ensure_future(cluster.clock.until(moment))
    timer.add_done_callback(lambda ended: None if ended.cancelled() else woken.set())
    try:
        await woken.wait()
    finally:
        timer.cancel()
