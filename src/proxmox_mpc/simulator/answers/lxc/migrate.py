"""Moving containers between nodes: stopped, or by stopping and starting again."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _ha, _migration
from proxmox_mpc.simulator.answers.lxc import _mounts, power
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_PATH = "/nodes/{node}/lxc/{vmid}/migrate"


def _local_volumes(cluster: Cluster, guest: Guest) -> list[dict[str, Any]]:
    rows = []
    for key, text in guest.live.items():
        volid = _mounts.parse(text).get("volume", "") if guest.is_volume_key(key) else text
        storage = volid.partition(":")[0]
        holds_volume = guest.is_volume_key(key) or key.startswith("unused")
        if holds_volume and storage in cluster.storages and not cluster.is_shared(storage):
            volume = cluster.volume(volid, guest.node)
            rows.append({"volid": volid, "size": volume.size if volume else 0, "cdrom": 0, "is_cloudinit": 0})
    return rows


@answers("GET", _PATH)
def check(call: Call) -> Any:
    guest = _guest.of(call)
    others = [n for n in call.cluster.nodes.values() if n.name != guest.node]
    blocked = {n.name: _migration.blocked_by_ha(call.cluster, guest, n.name) for n in others}
    answer: dict[str, Any] = {
        "running": int(guest.is_running),
        "allowed-nodes": [n.name for n in others if n.online and not blocked[n.name]],
        "not-allowed-nodes": {name: {"blocking-ha-resources": found} for name, found in blocked.items() if found},
    }
    mates = _migration.comes_along(call.cluster, guest)
    return answer | ({"dependent-ha-resources": mates} if mates else {})


@answers("POST", _PATH)
def migrate(call: Call) -> str:
    target = call.text("target")
    if target not in call.cluster.nodes:
        die(f"no such cluster node '{target}'")
    if target == call.node.name:
        refuse(target="target is local node.")
    guest = _guest.of(call)
    _guest.check_lock(guest)
    restart = call.flag("restart")
    was_running = guest.is_running
    if was_running and not restart and not call.flag("online"):
        die(
            "lxc live migration is currently not implemented"
            if call.flag("online")
            else "can't migrate running container without --online or --restart"
        )
    if was_running and not restart:
        die("lxc live migration is currently not implemented")
    move_to = _migration.asked(call, "target-storage")
    if _ha.is_managed(call.cluster, guest):
        return _ha.migrate(call, guest, target)
    return call.fork("vzmigrate", call.vmid, lambda work: move(work, guest, move_to))


async def move(work: _tasks.Work, guest: Guest, move_to: _migration.Move) -> None:
    """The task; a running container is stopped and started on the other side."""
    was_running = guest.is_running
    if was_running:
        await power.shut_down(work, guest)
    try:
        await _migration.migrate(work, guest, move_to, _local_volumes(work.cluster, guest))
    except ApiError:
        # It runs on where it was.
        if was_running:
            await power.start(work, guest)
        raise
    if was_running:
        await power.start(work, guest)
