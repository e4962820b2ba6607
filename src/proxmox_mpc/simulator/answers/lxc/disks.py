"""Resizing and moving the volumes of containers."""

from __future__ import annotations

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._validate import MISSING
from proxmox_mpc.simulator.answers.guests import _guest, _volumes
from proxmox_mpc.simulator.answers.lxc import _mounts
from proxmox_mpc.simulator.state.storage import parse_size, size_text

_CT = "/nodes/{node}/lxc/{vmid}/"


@answers("PUT", _CT + "resize")
def resize(call: Call) -> str:
    guest, key, size = _guest.of(call), call.text("disk"), call.text("size")
    _guest.check_digest(call, guest)
    _guest.check_lock(guest)
    if key not in guest.live:
        # An absent mount point reads as an empty property string (facts, 9.1).
        missing = dict.fromkeys(("volume",) if key == "rootfs" else ("mp", "volume"), MISSING)
        raise ApiError(500, "format error\n", missing)
    parts = _mounts.parse(guest.live[key])
    volid = parts["volume"]
    if ":" not in volid:
        die(f"can't resize mount point owned by another container ({volid})")
    call.need(f"/storage/{volid.partition(':')[0]}", "Datastore.AllocateSpace")
    volume = call.cluster.volume(volid, guest.node)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    wanted = parse_size(size.lstrip("+")) + (volume.size if size.startswith("+") else 0)
    if wanted < volume.size:
        die("unable to shrink disk size")
    if wanted == volume.size:
        die("no size change")
    found = volume

    async def work(work: _tasks.Work) -> None:
        async with _guest.held(call.cluster, guest):
            await work.takes(1)
            found.size = wanted
            guest.live[key] = _mounts.show({**parts, "size": size_text(wanted)})
            guest.touch()

    return call.fork("resize", call.vmid, work)


@answers("POST", _CT + "move_volume")
def move(call: Call) -> str:
    key, storage = call.text("volume"), call.text("storage")
    if "target-vmid" in call.params:
        raise ApiError(501, "moving volumes between containers is not simulated yet\n")
    if not storage:
        refuse(storage="must be given when target-vmid is not")
    call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
    guest = _guest.of(call)
    _guest.check_digest(call, guest)
    _guest.check_lock(guest)
    if key not in guest.live:
        die(f"volume '{key}' is empty")
    if guest.is_running:
        die("cannot move volumes of a running container")
    call.cluster.storage(storage)
    parts = _mounts.parse(guest.live[key])
    source = parts["volume"]
    if source.partition(":")[0] == storage:
        die("you can't move a volume to the same storage")

    async def work(work: _tasks.Work) -> None:
        volume = call.cluster.volume(source, guest.node)
        if volume is None:
            die(f"volume '{source}' does not exist")
        made = await _mounts.allocate(work, guest, storage, volume.size)
        await work.takes(volume.used / 100e6)
        guest.live[key] = _mounts.show({**parts, "volume": made})
        if call.flag("delete"):
            _volumes.remove(call.cluster, source, guest.node)
        else:
            slot = next(f"unused{n}" for n in range(256) if f"unused{n}" not in guest.live)
            guest.live[slot] = source
        guest.touch()

    return call.fork("move_volume", call.vmid, work)
