"""Makes, copies, renames and removes the volumes of guests, and says what PVE's tools would say about it."""

from __future__ import annotations

import re

from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.storage import FILE_TYPES, GIB, Volume, parse_name

CLOUDINIT_SIZE = 4 * 1024**2

# Copying goes at this speed, in bytes per second: an SSD of a small server.
_COPY_SPEED = 500e6


def first_use(form: str, size: int) -> int:
    """Bytes that a new image takes: almost nothing when thin."""
    if not size:
        return 0
    return 200704 + size // 8192 if form == "qcow2" else 4096


def default_format(cluster: Cluster, storage: str) -> str:
    return cluster.storages[storage].get("format", "raw")


def formats_of(cluster: Cluster, storage: str) -> tuple[str, ...]:
    kind = cluster.storages[storage]["type"]
    return (
        ("raw", "qcow2", "vmdk", "subvol")
        if kind in FILE_TYPES
        else ("raw", "subvol")
        if kind == "zfspool"
        else ("raw",)
    )


def _free_name(cluster: Cluster, storage: str, node: str, vmid: int, form: str, prefix: str) -> str:
    taken = set()
    for name in cluster.shelf(storage, node):
        if found := re.search(rf"(?:vm|base|subvol|basevol)-{vmid}-disk-(\d+)", name):
            taken.add(int(found[1]))
    number = next(n for n in range(10_000) if n not in taken)
    stem = f"{prefix}-{vmid}-disk-{number}"
    return f"{vmid}/{stem}.{form}" if cluster.storages[storage]["type"] in FILE_TYPES else stem


def _full_name(cluster: Cluster, storage: str, vmid: int, stem: str, form: str) -> str:
    return f"{vmid}/{stem}.{form}" if cluster.storages[storage]["type"] in FILE_TYPES else stem


def _formatting(cluster: Cluster, volid: str, form: str, size: int, backing: str = "") -> str:
    """The line of `qemu-img create`, or of lvcreate."""
    storage = volid.partition(":")[0]
    definition = cluster.storages[storage]
    if definition["type"] not in FILE_TYPES:
        return f'  Logical volume "{volid.partition(":")[2]}" created.'
    path = cluster.volume_path(volid)
    if form == "qcow2":
        # Images on a backing file get larger clusters with subclusters (PVE::Storage::Common, 9.1).
        cluster_size, extended = (131072, "on") if backing else (65536, "off")
        based = f" backing_file={backing} backing_fmt=qcow2" if backing else ""
        ahead = "off" if backing else definition.get("preallocation", "metadata")
        return (
            f"Formatting '{path}', fmt=qcow2 cluster_size={cluster_size} extended_l2={extended} preallocation={ahead}"
            f" compression_type=zlib size={size}{based} lazy_refcounts=off refcount_bits=16"
        )
    if form == "vmdk":
        return f"Formatting '{path}', fmt=vmdk size={size} compat6=off hwversion=undefined"
    return f"Formatting '{path}', fmt=raw size={size} preallocation=off"


def allocate(
    work: Work, storage: str, node: str, vmid: int, form: str, size: int, *, stem: str = "", prefix: str = "vm"
) -> str:
    """Make an empty volume and log it; answers its volume id."""
    cluster = work.cluster
    cluster.storage(storage)
    if form not in formats_of(cluster, storage):
        die(f"unsupported format '{form}'")
    name = (
        _full_name(cluster, storage, vmid, stem, form)
        if stem
        else _free_name(cluster, storage, node, vmid, form, prefix)
    )
    shelf = cluster.shelf(storage, node)
    volid = f"{storage}:{name}"
    if name in shelf:
        die(f"disk image '{cluster.volume_path(volid)}' already exists")
    cluster.check_room(storage)
    shelf[name] = Volume(name, "images", form, size, cluster.now(), vmid, used=first_use(form, size))
    if form != "subvol":
        work.log(_formatting(cluster, volid, form, size))
    return volid


def link(work: Work, source: str, node: str, vmid: int) -> str:
    """A linked clone of a base volume."""
    cluster = work.cluster
    storage, parsed = cluster.volume_name(source)
    original = cluster.volume(source, node)
    if original is None:
        die(f"volume '{source}' does not exist")
    name = _free_name(cluster, storage, node, vmid, "qcow2" if parsed.format != "subvol" else "subvol", "vm")
    volid = f"{storage}:{name}"
    backing = ""
    if cluster.storages[storage]["type"] in FILE_TYPES:
        backing = f"../{parsed.vmid}/{parsed.file}"
        file = name.rpartition("/")[2]
        work.log(f"clone {original.name}: images, {parsed.file}, {parsed.vmid} to {file} (base={backing})")
        plain = volid
        name = f"{original.name}/{name}"
        volid = f"{storage}:{name}"
        work.log(_formatting(cluster, plain, "qcow2", original.size, backing))
    else:
        work.log(_formatting(cluster, volid, "raw", original.size))
    cluster.check_room(storage)
    cluster.shelf(storage, node)[name] = Volume(
        name, "images", "qcow2" if backing else "raw", original.size, cluster.now(), vmid,
        used=first_use("qcow2", original.size), parent=backing or original.name, has_os=original.has_os,
    )  # fmt: skip
    return volid


async def copy(
    work: Work, source: str, storage: str, node: str, vmid: int, form: str, *, stem: str = "", to_node: str = "",
    progress: bool = True,
) -> str:  # fmt: skip
    """A full copy of a volume; logs the progress lines that qemu-img convert shows."""
    original = work.cluster.volume(source, node)
    if original is None:
        die(f"volume '{source}' does not exist")
    size = original.virtual or original.size
    volid = allocate(work, storage, to_node or node, vmid, form, size, stem=stem)
    if progress:
        total = _human(size)
        work.log(f"transferred 0.0 B of {total} (0.00%)")
        await work.takes(size / _COPY_SPEED)
        work.log(f"transferred {total} of {total} (100.00%)")
    made = work.cluster.volume(volid, to_node or node)
    if made is not None:
        if work.cluster.host:
            await work.cluster.host.disks.copy(original, made)
        made.has_os, made.used = original.has_os, max(original.used, made.used)
    return volid


def _human(size: int) -> str:
    for unit, name in ((1024**4, "TiB"), (GIB, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.1f} B"


def remove(cluster: Cluster, volid: str, node: str) -> None:
    """Forget a volume; fine when it is gone already."""
    storage, _, name = volid.partition(":")
    if storage in cluster.storages and (gone := cluster.shelf(storage, node).pop(name, None)):
        discard(cluster, gone)


def discard(cluster: Cluster, gone: Volume) -> None:
    """Remove the file of a volume that is nobody's any more; one that moved shares its file for a while."""
    shelves = (shelf for places in cluster.volumes.values() for shelf in places.values())
    if gone.file and cluster.host and not any(v.file == gone.file for shelf in shelves for v in shelf.values()):
        cluster.host.disks.discard(gone)


def rename(cluster: Cluster, volid: str, node: str, vmid: int, prefix: str = "vm") -> str:
    """Give a volume to another guest, or make it a base volume; answers the new id."""
    storage, parsed = cluster.volume_name(volid)
    shelf = cluster.shelf(storage, node)
    volume = shelf.pop(volid.partition(":")[2], None)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    if prefix == "base" and parsed.vmid == vmid:
        file = re.sub(r"^(?:vm|subvol)-", lambda m: "base-" if m[0] == "vm-" else "basevol-", parsed.file)
        name = f"{vmid}/{file}" if cluster.storages[storage]["type"] in FILE_TYPES else file
    else:
        name = _free_name(cluster, storage, node, vmid, parsed.format, prefix)
    volume.name, volume.vmid = name, vmid
    shelf[name] = volume
    return f"{storage}:{name}"


def is_base(volid: str) -> bool:
    return bool(re.search(r"(?:^|[:/])(?:base|basevol)-\d+-[^/]+$", volid))


def owned_by(cluster: Cluster, volid: str, vmid: int) -> bool:
    """Is the volume this guest's own (by its name)?"""
    storage, _, name = volid.partition(":")
    if storage not in cluster.storages:
        return False
    parsed = parse_name(cluster.storages[storage]["type"], name)
    return parsed is not None and parsed.content == "images" and parsed.vmid == vmid


def linked_clone_of(cluster: Cluster, volid: str, node: str) -> str | None:
    """A volume that still needs this base volume."""
    storage, _, name = volid.partition(":")
    if not is_base(volid):
        return None
    base = name.rpartition("/")[2]
    return next((v.name for v in cluster.shelf(storage, node).values() if v.parent.rpartition("/")[2] == base), None)


def of_guest(cluster: Cluster, vmid: int, node: str) -> list[str]:
    """Every volume that carries the guest's number, used or not."""
    return [
        f"{storage}:{volume.name}"
        for storage in cluster.storages
        for volume in cluster.shelf(storage, node).values()
        if volume.vmid == vmid and volume.content in ("images", "rootdir")
    ]
