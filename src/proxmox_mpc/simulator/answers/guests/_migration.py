"""Moves a guest to another node, with its local volumes when it has some."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._tasks import Work, locked
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

# Bytes per second over a gigabit link.
_LINK_SPEED = 110e6


def missing_storages(cluster: Cluster, guest: Guest, target: str) -> list[str]:
    """Storages of the guest that the target does not have."""
    found = []
    for key, text in guest.live.items():
        storage = _drives.parse_volume(text).partition(":")[0]
        is_volume = guest.is_volume_key(key) and storage in cluster.storages
        if is_volume and not cluster.is_on(storage, target) and storage not in found:
            found.append(storage)
    return found


async def migrate(work: Work, guest: Guest, target: str, call: Call, local: list[dict[str, Any]]) -> None:
    """The task: copy local volumes, move the configuration, keep running if it ran."""
    cluster, online = work.cluster, guest.is_running
    stamp = _stamp(cluster.now())
    work.log(
        f"{stamp} starting migration of {guest.word} {guest.vmid} to node '{target}' ({cluster.nodes[target].address})"
    )
    async with locked(cluster, guest.kind, guest.vmid):
        _guest.check_lock(guest)
        attached = [d for d in local if not d["cdrom"] or d["is_cloudinit"]]
        mapping = dict(p.partition(":")[::2] for p in call.items("targetstorage"))
        try:
            _check(cluster, guest, target, call, attached, online, mapping)
        except ApiError as error:
            work.log(f"{_stamp(cluster.now())} ERROR: migration aborted (duration 00:00:00): {error.reason}")
            die("migration aborted")
        guest.live["lock"] = "migrate"
        try:
            for disk in attached:
                await _move(work, guest, disk, target, mapping)
            if online:
                work.log(
                    f"{_stamp(cluster.now())} start remote tunnel",
                    f"{_stamp(cluster.now())} starting online/live migration",
                )
                await work.takes(5)
        except BaseException:
            guest.live.pop("lock", None)
            raise
        guest.live.pop("lock", None)
        guest.node = target
        guest.touch()
    work.log(f"{_stamp(cluster.now())} migration finished successfully (duration 00:00:01)")


def _check(
    cluster: Cluster,
    guest: Guest,
    target: str,
    call: Call,
    attached: list[dict[str, Any]],
    online: bool,
    mapping: dict[str, str],
) -> None:
    if not cluster.nodes[target].online:
        die("Can't connect to destination address using public key")
    for disk in attached:
        storage = disk["volid"].partition(":")[0]
        where = _target_storage(storage, mapping)
        if online and guest.is_qemu and not call.flag("with-local-disks"):
            die("can't live migrate attached local disks without with-local-disks option")
        if where not in cluster.storages or not cluster.is_on(where, target):
            die(f"storage '{where}' is not available on node '{target}'")


def _target_storage(storage: str, mapping: dict[str, str]) -> str:
    if mapping.get(storage):
        return mapping[storage]
    single = next((k for k, v in mapping.items() if not v and k != "1"), None)
    return single or storage


async def _move(work: Work, guest: Guest, disk: dict[str, Any], target: str, mapping: dict[str, str]) -> None:
    cluster, volid = work.cluster, disk["volid"]
    storage, _, name = volid.partition(":")
    where = _target_storage(storage, mapping)
    work.log(f"{_stamp(cluster.now())} found local disk '{volid}' (attached)")
    await work.takes(disk["size"] / _LINK_SPEED)
    volume = cluster.shelf(storage, guest.node).pop(name, None)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    made = volid
    if where != storage or name in cluster.shelf(where, target):
        made = _volumes.allocate(work, where, target, guest.vmid, _volumes.formats_of(cluster, where)[0], volume.size)
        cluster.shelf(where, target)[made.partition(":")[2]].has_os = volume.has_os
    else:
        cluster.shelf(where, target)[name] = volume
    work.log(f"{_stamp(cluster.now())} volume '{volid}' is '{made}' on the target")
    for section in (guest.live, *guest.conf.snapshots.values()):
        for key, text in section.items():
            if _drives.parse_volume(text) == volid:
                section[key] = text.replace(volid, made)


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")
