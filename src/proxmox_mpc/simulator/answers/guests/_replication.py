"""Copies of a guest's volumes on another node: when a job is due, a run of it, and its end.

Not recorded: log and times follow PVE's documentation.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime

from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator.answers.guests import _drives, _volumes
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.replication import ReplicationRun
from proxmox_mpc.simulator.state.schedules import next_after

FILE = "replication.cfg"
EVERY_QUARTER = "*/15"

# Only datasets of ZFS can be sent as differences between snapshots (PVE::Storage, 9.1).
_REPLICABLE = frozenset({"zfspool"})

# Bytes per second when no rate is set; a run after the first sends this part of a volume; a run lasts at least so long.
_LINK_SPEED = 110e6
_CHANGED = 0.02
_LEAST_S = 2.0

# Minutes until a failed run is tried again: more each time, and half an hour from the third time on.
_RETRY_S = (300, 600, 1800)


def guest_of(name: str) -> int:
    return int(name.partition("-")[0])


def state(cluster: Cluster, name: str) -> ReplicationRun:
    """What is known of the job's runs; a new job waits from now on."""
    return cluster.replication.setdefault(name, ReplicationRun(cluster.now()))


def volumes(cluster: Cluster, guest: Guest) -> list[str]:
    """The volumes that are copied; raises when one cannot be."""
    found = []
    for key, text in guest.live.items():
        volid = _drives.parse_volume(text)
        storage = volid.partition(":")[0]
        if not guest.is_volume_key(key) or (guest.is_qemu and _drives.is_cdrom(text)):
            continue
        if _drives.parse(text).get("replicate") == "0" or storage not in cluster.storages or cluster.is_shared(storage):
            continue
        if cluster.storages[storage]["type"] not in _REPLICABLE:
            die(f"missing replicate feature on volume '{volid}'")
        found.append(volid)
    return found


def next_sync(cluster: Cluster, name: str) -> float | None:
    """When the job runs next; None while it runs, or never."""
    job, run = cluster.files[FILE][name], state(cluster, name)
    guest = cluster.guests.get(guest_of(name))
    if run.pid or guest is None or not cluster.nodes[guest.node].online:
        # A job whose guest is gone has nothing to do but to go itself.
        return run.since if guest is None and not run.pid else None
    if run.wanted_at is not None or "remove_job" in job:
        return run.wanted_at if run.wanted_at is not None else run.since
    if job.get("disable") == "1":
        return None
    if run.fail_count:
        return run.last_try + _RETRY_S[min(run.fail_count, len(_RETRY_S)) - 1]
    return next_after(job.get("schedule", EVERY_QUARTER), max(run.since, run.last_try))


def begin(cluster: Cluster, name: str) -> None:
    """From here on the job is under way, and not due."""
    run = state(cluster, name)
    run.pid, run.last_try, run.wanted_at = cluster.next_pid(), cluster.now(), None
    run.log = []


async def run(cluster: Cluster, name: str) -> None:
    """One run of the job, which `begin` announced."""
    job, run = cluster.files[FILE][name], state(cluster, name)
    guest = cluster.guests.get(guest_of(name))
    _log(cluster, name, "start replication job")
    try:
        if guest is None or "remove_job" in job:
            await cluster.clock.sleep(_LEAST_S)
            _clear_up(cluster, name)
            return
        await _copy(cluster, name, guest)
        run.fail_count, run.error, run.last_sync = 0, "", run.last_try
        _log(cluster, name, "end replication job")
    except ApiError as error:
        run.fail_count += 1
        run.error = error.reason
        _log(cluster, name, f"end replication job with error: {run.error}")
    finally:
        run.duration, run.pid = cluster.now() - run.last_try, 0
        cluster.note_change()


async def _copy(cluster: Cluster, name: str, guest: Guest) -> None:
    job, run, source = cluster.files[FILE][name], state(cluster, name), guest.node
    target = job["target"]
    volids = volumes(cluster, guest)
    _log(cluster, name, f"guest => {guest.word} {guest.vmid}, running => {int(guest.is_running)}")
    _log(cluster, name, f"volumes => {','.join(volids)}")
    speed = float(job["rate"]) * 1e6 if "rate" in job else _LINK_SPEED
    _log(cluster, name, f"using secure transmission, rate limit: {job.get('rate', 'none')}")
    for volid in volids:
        _check_target(cluster, volid, target)
        snapshot = f"__replicate_{name}_{int(run.last_try)}__"
        is_first = cluster.volume(volid, target) is None
        _log(cluster, name, f"{'full' if is_first else 'incremental'} sync '{volid}' ({snapshot})")
        volume = cluster.volume(volid, source)
        if volume is None:
            die(f"volume '{volid}' does not exist")
        await cluster.clock.sleep(max(_LEAST_S, volume.used * (1 if is_first else _CHANGED) / speed))
        _check_target(cluster, volid, target)
        if not cluster.nodes[source].online or guest.node != source:
            die("interrupted by signal")
        storage, _, file = volid.partition(":")
        cluster.shelf(storage, target)[file] = copy.copy(volume)


def _check_target(cluster: Cluster, volid: str, target: str) -> None:
    storage = volid.partition(":")[0]
    node = cluster.nodes.get(target)
    if node is None or not node.online:
        die(f"command '/usr/bin/ssh root@{node.address if node else target} -- pvesr' failed: exit code 255")
    if not cluster.is_on(storage, target):
        die(f"storage '{storage}' is not available on node '{target}'")
    cluster.check_room(storage)


def _clear_up(cluster: Cluster, name: str) -> None:
    """The job goes; with `full`, its copies go too."""
    job, vmid = cluster.files[FILE][name], guest_of(name)
    guest = cluster.guests.get(vmid)
    if job.get("remove_job") != "local" and (guest is None or guest.node != job["target"]):
        for volid in _volumes.of_guest(cluster, vmid, job["target"]):
            if cluster.storages[volid.partition(":")[0]]["type"] in _REPLICABLE:
                _volumes.remove(cluster, volid, job["target"])
    forget(cluster, name)


def forget(cluster: Cluster, name: str) -> None:
    cluster.files[FILE].pop(name, None)
    cluster.replication.pop(name, None)


def jobs_of(cluster: Cluster, vmid: int) -> list[str]:
    return [name for name in cluster.files.get(FILE, {}) if guest_of(name) == vmid]


def _log(cluster: Cluster, name: str, text: str) -> None:
    stamp = datetime.fromtimestamp(cluster.now(), UTC)
    state(cluster, name).log.append(f"{stamp:%Y-%m-%d %H:%M:%S} {name}: {text}")
