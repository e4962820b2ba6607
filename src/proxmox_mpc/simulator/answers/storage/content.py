"""/nodes/{node}/storage/{storage}/content: volumes listed, read, allocated, described, removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _volumes
from proxmox_mpc.simulator.answers.storage import _access, _pruning
from proxmox_mpc.simulator.state.storage import FILE_TYPES, Name, Volume

# Bytes per second over the link between nodes.
_COPY_SPEED = 110e6

_CONTENT = "/nodes/{node}/storage/{storage}/content"
_VOLUME = _CONTENT + "/{volume}"


def _row(call: Call, storage: str, volume: Volume) -> dict[str, Any]:
    row: dict[str, Any] = {
        "volid": f"{storage}:{volume.name}",
        "content": volume.content,
        "format": volume.format,
        "size": volume.size,
        "ctime": int(volume.created),
    }
    if volume.vmid is not None:
        row["vmid"] = volume.vmid
    if volume.content in ("images", "rootdir"):
        guest = call.cluster.guests.get(volume.vmid or 0)
        row["content"] = "rootdir" if guest and not guest.is_qemu else "images"
        if call.cluster.storages[storage]["type"] in FILE_TYPES:
            row |= {"parent": volume.parent or None, "used": volume.used}
        elif volume.parent:
            row["parent"] = volume.parent
    if volume.content == "backup":
        row |= {"subtype": _pruning.kind_of(volume), "ctime": int(_pruning.taken_at(volume))}
        if volume.notes:
            # A list shows the first line only (lxc-backup, 9.1).
            row["notes"] = volume.notes.partition("\n")[0]
        if volume.protected:
            row["protected"] = 1
    return row


@answers("GET", _CONTENT)
def listing(call: Call) -> Any:
    name = call.text("storage")
    definition = call.cluster.storage(name)
    if definition.get("disable") == "1":
        die(f"storage '{name}' is disabled")
    if not call.cluster.is_on(name, call.node.name):
        die(f"storage '{name}' is not available on node '{call.node.name}'")
    wanted = call.text("content")
    rows = []
    for volume in call.cluster.shelf(name, call.node.name).values():
        row = _row(call, name, volume)
        if wanted not in ("", row["content"]) or ("vmid" in call.params and volume.vmid != call.vmid):
            continue
        if _may_see(call, volume):
            rows.append(row)
    return sorted(rows, key=lambda r: r["volid"])


def _may_see(call: Call, volume: Volume) -> bool:
    if call.may(f"/storage/{call.text('storage')}", "Datastore.Allocate") or call.is_root:
        return True
    if volume.content in ("iso", "vztmpl", "import"):
        return True
    if volume.vmid is None:
        return False
    wanted = "VM.Backup" if volume.content == "backup" else "VM.Config.Disk"
    return call.may(f"/vms/{volume.vmid}", wanted)


def _find(call: Call) -> tuple[str, str, Name]:
    """Storage, volume id and parsed name of the volume in the path."""
    storage, volume = call.text("storage"), call.text("volume")
    call.cluster.storage(storage)
    if ":" in volume:
        given = volume.partition(":")[0]
        if given != storage:
            refuse(volume=f"storage ID mismatch ({given} != {storage})\n")
    else:
        volume = f"{storage}:{volume}"
    return storage, volume, call.cluster.volume_name(volume)[1]


def _check_removal(call: Call, storage: str, parsed: Name) -> None:
    if call.may(f"/storage/{storage}", "Datastore.Allocate") or call.is_root:
        return
    if parsed.content in ("iso", "vztmpl", "import"):
        call.need(f"/storage/{storage}", "Datastore.AllocateTemplate")
    elif parsed.vmid is not None:
        call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
        call.need(f"/vms/{parsed.vmid}", "VM.Backup" if parsed.content == "backup" else "VM.Config.Disk")
    else:
        call.need(f"/storage/{storage}", "Datastore.Allocate")


@answers("GET", _VOLUME)
def read(call: Call) -> Any:
    _, volid, parsed = _find(call)
    _access.check(call, volid)
    volume = call.cluster.volume(volid, call.node.name)
    if volume is None:
        die(f"volume_size_info on '{volid}' failed - no format")
    row: dict[str, Any] = {
        "path": call.cluster.volume_path(volid),
        "format": volume.format if parsed.content == "images" else "raw",
        # The size comes from qemu-img, which counts in sectors.
        "size": volume.size if parsed.content == "images" else -(-volume.size // 512) * 512,
        "used": volume.used,
    }
    if parsed.content == "import" and volume.virtual:
        row |= {"format": volume.format, "size": volume.virtual}
    if parsed.content == "backup":
        row |= {"protected": int(volume.protected), "notes": volume.notes}
    return row


@answers("PUT", _VOLUME)
def describe(call: Call) -> None:
    _, volid, parsed = _find(call)
    _access.check(call, volid)
    if "notes" in call.params and parsed.content != "backup":
        die("only backups can have notes")
    if "protected" in call.params and parsed.content != "backup":
        die("only backups support attribute 'protected'")
    volume = call.cluster.volume(volid, call.node.name)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    volume.notes = call.text("notes", volume.notes)
    volume.protected = call.flag("protected", volume.protected)


@answers("DELETE", _VOLUME)
def delete(call: Call) -> Any:
    storage, volid, parsed = _find(call)
    _check_removal(call, storage, parsed)
    node = call.node.name

    async def work(work: _tasks.Work) -> None:
        await work.takes(1)
        volume = call.cluster.volume(volid, node)
        if volume is None:
            work.log(f"disk image '{call.cluster.volume_path(volid)}' does not exist")
        elif volume.protected:
            die(f"cannot remove protected volume '{volume.name}' on '{storage}'")
        elif user := _volumes.linked_clone_of(call.cluster, volid, node):
            die(f"base volume '{volume.name}' is still in use by linked clone '{user}'")
        else:
            _volumes.remove(call.cluster, volid, node)
        work.log(f"Removed volume '{volid}'")

    owner = parsed.vmid if parsed.content in ("images", "backup") else None
    upid = call.fork("imgdel", f"{owner}@{storage}" if owner is not None else storage, work)
    # With a delay PVE waits that long for the task, and when it has ended by then answers nothing (9.1).
    return None if "delay" in call.params else upid


@answers("POST", _CONTENT)
def allocate(call: Call) -> str:
    storage, name, vmid = call.text("storage"), call.text("filename"), call.vmid
    definition = call.cluster.storage(storage)
    is_file = definition["type"] in FILE_TYPES
    ending = name.rpartition(".")[2] if is_file else "raw"
    if "format" in call.params and ending != call.text("format"):
        refuse(format=f"different storage formats ({call.text('format')} != {ending})")
    full = f"{vmid}/{name}" if is_file else name
    _, parsed = call.cluster.volume_name(f"{storage}:{full}")
    shelf = call.cluster.shelf(storage, call.node.name)
    if full in shelf:
        die(f"disk image '{call.cluster.volume_path(f'{storage}:{full}')}' already exists")
    size = _kib(call.text("size"))
    call.cluster.check_room(storage)
    shelf[full] = Volume(
        full, "images", parsed.format, size, call.cluster.now(), vmid, used=_volumes.first_use(parsed.format, size)
    )
    return f"{storage}:{full}"


def _kib(text: str) -> int:
    """A bare number counts KiB here."""
    number, unit = (text[:-1], text[-1]) if text[-1] in "MG" else (text, "K")
    return int(number) * {"K": 1024, "M": 1024**2, "G": 1024**3}[unit]


@answers("POST", _VOLUME)
def copy(call: Call) -> str:
    """Copy a volume to another name, on this node or another."""
    storage, volid, parsed = _find(call)
    cluster, node = call.cluster, call.node.name
    target_node = call.text("target_node") or node
    if target_node not in cluster.nodes:
        die(f"no such cluster node '{target_node}'")
    target = call.text("target") if ":" in call.text("target") else f"{storage}:{call.text('target')}"
    target_storage, wanted = cluster.volume_name(target)
    if not cluster.is_on(target_storage, target_node):
        die(f"storage '{target_storage}' is not available on node '{target_node}'")
    if wanted.content != parsed.content:
        die(f"cannot copy '{parsed.content}' to '{wanted.content}'")

    async def work(work: _tasks.Work) -> None:
        volume = cluster.volume(volid, node)
        if volume is None:
            die(f"volume '{volid}' does not exist")
        name = target.partition(":")[2]
        if name in cluster.shelf(target_storage, target_node):
            die(f"volume '{target}' already exists")
        cluster.check_room(target_storage)
        await work.takes(volume.used / _COPY_SPEED)
        if not cluster.nodes[target_node].online:
            die(f"node '{target_node}' is offline")
        made = replace(volume, name=name, format=wanted.format, vmid=wanted.vmid, created=cluster.now(), file="")
        if cluster.host and volume.file:
            await cluster.host.disks.copy(volume, made)
        cluster.shelf(target_storage, target_node)[name] = made
        work.log(f"copied volume '{volid}' to '{target}' on node '{target_node}'")

    return call.fork("imgcopy", "", work)
