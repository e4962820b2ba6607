"""Moves a guest to another node, with its local volumes when it has some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _replication, _volumes
from proxmox_mpc.simulator.answers.guests._placement import Placement
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

# Bytes per second over a gigabit link.
_LINK_SPEED = 110e6


@dataclass(frozen=True)
class Move:
    """Where a guest shall go. `storages` maps its storages to the target's; the key "" stands for all others."""

    target: str
    storages: Mapping[str, str] = field(default_factory=dict)
    with_local_disks: bool = False

    def storage(self, source: str) -> str:
        return self.storages.get(source) or self.storages.get("") or source


def asked(call: Call, parameter: str) -> Move:
    """The move that a request asks for; checks the storages it names."""
    storages: dict[str, str] = {}
    for pair in call.items(parameter):
        source, colon, target = pair.partition(":")
        if not colon:
            source, target = "", source
        # `1` is the short way to say: each to its own.
        if target != "1":
            call.need(f"/storage/{target}", "Datastore.AllocateSpace")
            call.cluster.storage(target)
            storages[source] = target
    return Move(call.text("target"), storages, call.flag("with-local-disks"))


def missing_storages(cluster: Cluster, guest: Guest, target: str) -> list[str]:
    """Storages of the guest that the target does not have."""
    found = []
    for key, text in guest.live.items():
        storage = _drives.parse_volume(text).partition(":")[0]
        is_volume = guest.is_volume_key(key) and storage in cluster.storages
        if is_volume and not cluster.is_on(storage, target) and storage not in found:
            found.append(storage)
    return found


def blocked_by_ha(cluster: Cluster, guest: Guest, target: str) -> list[dict[str, str]]:
    """HA resources on the target that the guest must not meet."""
    return [{"sid": sid, "cause": "resource-affinity"} for sid in Placement(cluster).blockers(guest.sid, target)]


def comes_along(cluster: Cluster, guest: Guest) -> list[str]:
    """HA resources that move with the guest."""
    return Placement(cluster).mates(guest.sid)


async def migrate(work: Work, guest: Guest, move: Move, local: list[dict[str, Any]]) -> None:
    """The task: copy local volumes, move the configuration, keep running if it ran."""
    cluster, online, target = work.cluster, guest.is_running, move.target
    began, source = cluster.now(), guest.node
    _log(work, f"starting migration of {guest.word} {guest.vmid} to node '{target}' ({cluster.nodes[target].address})")
    async with _guest.held(cluster, guest):
        _guest.check_lock(guest)
        disks = [d for d in local if not d["cdrom"] or d["is_cloudinit"]]
        try:
            _check(cluster, guest, move, local, online)
        except ApiError as error:
            _log(work, f"ERROR: migration aborted (duration {_duration(work, began)}): {error.reason}")
            die("migration aborted")
        guest.live["lock"] = "migrate"
        made: dict[str, str] = {}
        try:
            for disk in disks:
                made[disk["volid"]] = await _copy(work, guest, disk, move)
            if online:
                await _send_memory(work, guest, target)
            _check_reachable(cluster, target)
        except BaseException as error:
            guest.live.pop("lock", None)
            for old, new in made.items():
                if not _is_replica(cluster, guest, old, target):
                    _volumes.remove(cluster, new, target)
            if isinstance(error, ApiError):
                _log(work, f"ERROR: migration aborted (duration {_duration(work, began)}): {error.reason}")
                die("migration aborted")
            raise
        guest.live.pop("lock", None)
        _settle(cluster, guest, made, target)
        _switch_replication(cluster, guest, source, target)
        guest.node = target
        guest.touch()
    _log(work, f"migration finished successfully (duration {_duration(work, began)})")


async def _send_memory(work: Work, guest: Guest, target: str) -> None:
    _log(work, f"starting {guest.word} {guest.vmid} on remote node '{target}'")
    _log(work, "start remote tunnel")
    _log(work, f"starting online/live migration on unix:/run/qemu-server/{guest.vmid}.migrate")
    await work.takes(5)
    _log(work, "migration status: completed")


def _check_reachable(cluster: Cluster, target: str) -> None:
    if not cluster.nodes[target].online:
        die("Can't connect to destination address using public key")


def _check(cluster: Cluster, guest: Guest, move: Move, local: list[dict[str, Any]], online: bool) -> None:
    _check_reachable(cluster, move.target)
    for disk in local:
        storage = disk["volid"].partition(":")[0]
        if disk["cdrom"] and not disk["is_cloudinit"]:
            die(f"can't migrate '{disk['volid']}': local cdrom image")
        if online and guest.is_qemu and not move.with_local_disks:
            die("can't live migrate attached local disks without with-local-disks option")
        where = move.storage(storage)
        if where not in cluster.storages or not cluster.is_on(where, move.target):
            die(f"storage '{where}' is not available on node '{move.target}'")
        _check_snapshots(cluster, guest, disk, move, online)
    if missing := [s for s in missing_storages(cluster, guest, move.target) if cluster.is_shared(s)]:
        die(f"storage '{missing[0]}' is not available on node '{move.target}'")


def _check_snapshots(cluster: Cluster, guest: Guest, disk: dict[str, Any], move: Move, online: bool) -> None:
    """A volume's snapshots are sent only where its format holds them, and never while the guest runs."""
    volid = disk["volid"]
    held = [
        _drives.parse_volume(t) for s in guest.conf.snapshots.values() for k, t in s.items() if guest.is_volume_key(k)
    ]
    if volid not in held or disk["cdrom"]:
        return
    if online and not _is_replica(cluster, guest, volid, move.target):
        die(f"can't migrate local disk '{volid}': online storage migration not possible if snapshot exists")
    volume, kind = cluster.volume(volid, guest.node), cluster.storages[volid.partition(":")[0]]["type"]
    form = volume.format if volume else ""
    if kind != "zfspool" and form != "qcow2" and (kind, form) != ("btrfs", "raw"):
        die(f"can't migrate local disk '{volid}': non-migratable snapshot exists")


async def _copy(work: Work, guest: Guest, disk: dict[str, Any], move: Move) -> str:
    """Make the volume on the target; answers its id there. The original stays until all is done."""
    cluster, volid, target = work.cluster, disk["volid"], move.target
    storage, _, name = volid.partition(":")
    where = move.storage(storage)
    volume = cluster.volume(volid, guest.node)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    shelf = cluster.shelf(where, target)
    if _is_replica(cluster, guest, volid, target):
        _log(work, f"found local, replicated disk '{volid}' (attached)")
        return str(volid)
    _log(work, f"found local disk '{volid}' (attached)")
    await work.takes(disk["size"] / _LINK_SPEED)
    if where == storage and name not in shelf:
        cluster.check_room(where)
        shelf[name] = volume
        made = volid
    else:
        form = volume.format if volume.format in _volumes.formats_of(cluster, where) else "raw"
        stem = f"vm-{guest.vmid}-cloudinit" if disk["is_cloudinit"] else ""
        made = _volumes.allocate(work, where, target, guest.vmid, form, volume.size, stem=stem)
        shelf[made.partition(":")[2]].has_os = volume.has_os
        shelf[made.partition(":")[2]].file = volume.file
    _log(work, f"volume '{volid}' is '{made}' on the target")
    return str(made)


def _is_replica(cluster: Cluster, guest: Guest, volid: str, target: str) -> bool:
    """Is the volume on the target already, as a copy that a replication job made?"""
    jobs = cluster.files.get(_replication.FILE, {})
    has_job = any(jobs[name]["target"] == target for name in _replication.jobs_of(cluster, guest.vmid))
    return has_job and cluster.volume(volid, target) is not None


def _settle(cluster: Cluster, guest: Guest, made: Mapping[str, str], target: str) -> None:
    """The volumes are those of the target now; the originals go, unless they stay as replicas."""
    for old, new in made.items():
        if not _is_replica(cluster, guest, old, target):
            _volumes.remove(cluster, old, guest.node)
        for section in (guest.live, guest.conf.pending, *guest.conf.snapshots.values()):
            for key, text in section.items():
                if _drives.parse_volume(text) == old:
                    section[key] = text.replace(old, new)


def _switch_replication(cluster: Cluster, guest: Guest, source: str, target: str) -> None:
    """A job that copied to where the guest runs now copies back to where it came from."""
    for name in _replication.jobs_of(cluster, guest.vmid):
        job = cluster.files[_replication.FILE][name]
        if job["target"] == target:
            job["target"] = source


def _log(work: Work, text: str) -> None:
    work.log(f"{datetime.fromtimestamp(work.cluster.now(), UTC):%Y-%m-%d %H:%M:%S} {text}")


def _duration(work: Work, began: float) -> str:
    return f"{datetime.fromtimestamp(work.cluster.now() - began, UTC):%H:%M:%S}"
