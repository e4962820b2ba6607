"""Moving virtual machines between nodes."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _migration
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_PATH = "/nodes/{node}/qemu/{vmid}/migrate"


def _local_disks(cluster: Cluster, guest: Guest) -> list[dict[str, Any]]:
    """The volumes that would have to be copied: disks, unused ones, and memory that snapshots hold."""
    named = [(key, text) for key, text in guest.live.items() if guest.is_volume_key(key) or key.startswith("unused")]
    named += [("vmstate", section["vmstate"]) for section in guest.conf.snapshots.values() if "vmstate" in section]
    named += [("vmstate", guest.live["vmstate"])] if "vmstate" in guest.live else []
    rows = []
    for key, text in named:
        volid, is_unused = _drives.parse_volume(text), key.startswith("unused")
        storage = volid.partition(":")[0]
        if storage not in cluster.storages or cluster.is_shared(storage):
            continue
        volume = cluster.volume(volid, guest.node)
        rows.append(
            {
                "volid": volid,
                "drivename": key,
                "size": volume.size if volume else 0,
                "cdrom": int(_drives.is_cdrom(text)),
                "replicate": 1,
                "shared": 0,
                "is_attached": int(guest.is_volume_key(key)),
                "is_unused": int(is_unused),
                "is_cloudinit": int(_drives.is_cloudinit(text)),
                "is_tpmstate": int(key == "tpmstate0"),
                "is_vmstate": int(key == "vmstate"),
            }
        )
    return rows


@answers("GET", _PATH)
def check(call: Call) -> Any:
    guest = _guest.of(call)
    others = [n for n in call.cluster.nodes.values() if n.name != guest.node]
    refused: dict[str, Any] = {}
    for node in others:
        reasons: dict[str, Any] = {}
        if missing := _migration.missing_storages(call.cluster, guest, node.name):
            reasons["unavailable_storages"] = missing
        if blocking := _migration.blocked_by_ha(call.cluster, guest, node.name):
            reasons["blocking-ha-resources"] = blocking
        if reasons:
            refused[node.name] = reasons
    answer: dict[str, Any] = {
        "running": int(guest.is_running),
        "local_disks": _local_disks(call.cluster, guest),
        "local_resources": [],
        "mapped-resources": [],
        "mapped-resource-info": {},
        "has-dbus-vmstate": 1,
    }
    if not guest.is_running:
        answer |= {
            "allowed_nodes": [n.name for n in others if n.name not in refused and n.online],
            "not_allowed_nodes": refused,
        }
    if mates := _migration.comes_along(call.cluster, guest):
        answer["dependent-ha-resources"] = mates
    return answer


@answers("POST", _PATH)
def migrate(call: Call) -> str:
    target = call.text("target")
    if target not in call.cluster.nodes:
        die(f"no such cluster node '{target}'")
    if target == call.node.name:
        refuse(target="target is local node.")
    for name in ("force", "migration_network", "migration_type"):
        if name in call.params and not call.is_root:
            refuse({name: "Only root may use this option."})
    guest = _guest.of(call)
    _guest.check_lock(guest)
    online = call.flag("online")
    if guest.is_running and not online:
        die("can't migrate running VM without --online")
    move_to = _migration.asked(call, "targetstorage")
    if _ha.is_managed(call.cluster, guest):
        return _ha.migrate(call, guest, target)
    return call.fork("qmigrate", call.vmid, lambda work: move(work, guest, move_to))


async def move(work: _tasks.Work, guest: Guest, move_to: _migration.Move) -> None:
    await _migration.migrate(work, guest, move_to, _local_disks(work.cluster, guest))


@answers("POST", "/nodes/{node}/qemu/{vmid}/dbus-vmstate")
def dbus_state(call: Call) -> None:
    """The helper by which state beside QEMU's own is moved; of a simulated machine there is none to move."""
    guest = _guest.of(call)
    if not guest.is_running:
        die(f"VM {guest.vmid} not running")
