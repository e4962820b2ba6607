"""Resizing, moving, reassigning and unlinking the disks of virtual machines."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.answers.qemu import _disks, _machine, _pending
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import parse_size, size_text

_VM = "/nodes/{node}/qemu/{vmid}/"


def _drive(guest: Guest, key: str) -> dict[str, str]:
    if key not in guest.live:
        die(f"disk '{key}' does not exist")
    return _drives.parse(guest.live[key])


@answers("PUT", _VM + "resize")
def resize(call: Call) -> str:
    cluster, node, vmid, key, size = call.cluster, call.node.name, call.vmid, call.text("disk"), call.text("size")

    async def work(work: _tasks.Work) -> None:
        guest = _guest.find(cluster, node, "qemu", vmid)
        async with _guest.held(cluster, guest):
            _guest.check_digest(call, guest)
            _guest.check_lock(guest, skip=call.flag("skiplock"))
            parts = _drive(guest, key)
            volid = parts["file"]
            if _drives.is_cdrom(guest.live[key]):
                die("you can't resize a cdrom")
            if ":" not in volid:
                die(f"disk '{key}' has no associated volume")
            volume = cluster.volume(volid, node)
            if volume is None:
                die(f"volume '{volid}' does not exist")
            call.need(f"/storage/{volid.partition(':')[0]}", "Datastore.AllocateSpace")
            wanted = parse_size(size.lstrip("+")) + (volume.size if size.startswith("+") else 0)
            if wanted < volume.size:
                die("shrinking disks is not supported")
            await work.takes(1)
            volume.size = wanted
            await _machine.resize(work, guest, key, volume)
            guest.live[key] = _drives.show({**parts, "size": size_text(wanted)})
            guest.touch()

    return call.fork("resize", vmid, work)


@answers("PUT", _VM + "unlink")
def unlink(call: Call) -> None:
    known = call.routes.method("PUT", _VM + "config").parameters.indexes
    keys = call.items("idlist")
    for key in keys:
        if key not in known:
            refuse(delete=f"unknown option '{key}'")
    guest = _guest.of(call)
    _guest.check_lock(guest)
    for key in keys:
        if key in guest.live:
            _guest.add_pending_delete(guest.conf, key, call.flag("force"))
            order = _drives.boot_order(guest.live)
            if guest.live.get("boot", "").startswith("order=") and key in order:
                guest.conf.pending["boot"] = _drives.show_boot([k for k in order if k != key])
    _pending.apply(_tasks.unwatched(call.cluster), guest)


@answers("POST", _VM + "move_disk")
def move(call: Call) -> Any:
    key, storage = call.text("disk"), call.text("storage")
    if "target-vmid" in call.params:
        if storage:
            text = "either set 'storage' or 'target-vmid', but not both"
            refuse({"storage": text, "target-vmid": text})
        return _reassign(call, key)
    if not storage:
        text = "both 'storage' and 'target-vmid' missing, either needs to be set"
        refuse({"storage": text, "target-vmid": text})
    call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
    guest = _guest.of(call)
    _guest.check_digest(call, guest)
    _guest.check_lock(guest)
    parts = _drive(guest, key)
    source = _drives.parse_volume(guest.live[key])
    if not source or (":" not in source and not _drives.is_cdrom(guest.live[key])):
        die(f"disk '{key}' has no associated volume")
    if _drives.is_cdrom(guest.live[key], but_not_cloudinit=True):
        die("you can't move a cdrom")
    call.cluster.storage(storage)
    origin, parsed = call.cluster.volume_name(source)
    form = call.text("format") or (
        parsed.format if parsed.format in _volumes.formats_of(call.cluster, storage) else "raw"
    )
    if origin == storage and form == parsed.format:
        die("you can't move to the same storage with same format")
    if guest.conf.snapshots and call.flag("delete"):
        die("you can't move a disk with snapshots and delete the source")

    async def work(work: _tasks.Work) -> None:
        async with _guest.held(call.cluster, guest):
            work.log(f"create full clone of drive {key} ({source})")
            guest.live["lock"] = "disk"
            try:
                volid = await _volumes.copy(work, source, storage, guest.node, guest.vmid, form)
            finally:
                guest.live.pop("lock", None)
            volume = call.cluster.volume(volid, guest.node)
            if key.startswith("unused"):
                guest.live[key] = volid
            else:
                guest.live[key] = _drives.show(
                    {**parts, "file": volid, "size": size_text(volume.size if volume else 0)}
                )
            if call.flag("delete"):
                _volumes.remove(call.cluster, source, guest.node)
            else:
                _disks.keep_unused(guest, source, work)
            guest.touch()

    return call.fork("qmmove", call.vmid, work)


def _reassign(call: Call, key: str) -> str:
    cluster, target_id = call.cluster, call.number("target-vmid")
    if target_id == call.vmid:
        refuse({"target-vmid": "must be different than source VMID to reassign disk"})
    call.need(f"/vms/{target_id}", "VM.Config.Disk")
    target = cluster.guests.get(target_id)
    if target is None:
        die(f"could not find target VM {target_id}")
    if not target.is_qemu:
        die(f"Disk key '{key}' is not valid for target VM '{target_id}'")
    guest = _guest.of(call)
    slot = call.text("target-disk") or key
    if guest.node != target.node:
        die(f"Both VMs need to be on the same node {guest.node}), but target VM is on {target.node}.")
    if key not in guest.live:
        die(f"Disk '{key}' for VM '{call.vmid}' does not exist")
    if slot in target.live:
        die(f"Target disk key '{slot}' is already in use for VM '{target_id}'")
    _guest.check_lock(guest)
    _guest.check_lock(target)
    if guest.is_template or target.is_template:
        die("Moving base volumes of templates is not supported")

    def work(work: _tasks.Work) -> None:
        work.log(f"moving disk '{key}' from VM '{call.vmid}' to '{target_id}'")
        parts = _drives.parse(guest.live[key])
        parts["file"] = _volumes.rename(cluster, parts["file"], guest.node, target_id)
        work.log(f"removing disk '{key}' from VM '{call.vmid}' config")
        del guest.live[key]
        order = _drives.boot_order(guest.live)
        if key in order:
            guest.live["boot"] = _drives.show_boot([k for k in order if k != key])
        drive = _drives.show(parts)
        target.live[slot] = parts["file"] if re.fullmatch(r"unused\d+", slot) else drive
        if not re.fullmatch(r"unused\d+", slot):
            work.log(f"update VM {target_id}: -{slot} {drive}")
        guest.touch()
        target.touch()

    return call.fork("qmmove", f"{call.vmid}-{key}>{target_id}-{slot}", work)
