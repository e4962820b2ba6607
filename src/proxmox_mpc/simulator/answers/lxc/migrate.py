"""Moving containers between nodes: stopped, or by stopping and starting again."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _migration
from proxmox_mpc.simulator.answers.lxc import _mounts, power
from proxmox_mpc.simulator.state.guest import Guest

_PATH = "/nodes/{node}/lxc/{vmid}/migrate"


def _local_volumes(call: Call, guest: Guest) -> list[dict[str, Any]]:
    rows = []
    for key, text in guest.live.items():
        volid = _mounts.parse(text).get("volume", "") if guest.is_volume_key(key) else text
        storage = volid.partition(":")[0]
        holds_volume = guest.is_volume_key(key) or key.startswith("unused")
        if holds_volume and storage in call.cluster.storages and not call.cluster.is_shared(storage):
            volume = call.cluster.volume(volid, guest.node)
            rows.append({"volid": volid, "size": volume.size if volume else 0, "cdrom": 0, "is_cloudinit": 0})
    return rows


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

    return call.fork("vzmigrate", call.vmid, lambda work: move(work, call, guest, target))


async def move(work: _tasks.Work, call: Call, guest: Guest, target: str) -> None:
    """The task; a running container is stopped and started on the other side."""
    was_running = guest.is_running
    if was_running:
        await work.takes(3)
        guest.run = None
    await _migration.migrate(work, guest, target, call, _local_volumes(call, guest))
    if was_running:
        await power.start(work, guest)
