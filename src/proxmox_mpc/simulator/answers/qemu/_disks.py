"""Turns the drives that a request asks for into volumes and configuration lines."""

from __future__ import annotations

from collections.abc import Mapping

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _volumes
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import GIB, Volume, parse_size, size_text

# Sizes of the small state disks: OVMF variables with and without pre-enrolled keys, TPM state.
_EFI_SIZE = 528 * 1024
_EFI_SIZE_OLD = 128 * 1024
_TPM_SIZE = 4 * 1024**2


def check_access(call: Call, drives: Mapping[str, str], vmid: int) -> None:
    """May these drives be used: storages there, privileges held, contents right. Answers before any task starts."""
    cluster = call.cluster
    for key, text in drives.items():
        parts = _drives.parse(text)
        file = parts.get("file", "")
        storage, _, name = file.partition(":")
        asks_new = _drives.NEW_DISK.fullmatch(file)
        if "import-from" in parts:
            _check_import(call, key, parts, vmid)
        if file in ("", "none") or (file == "cdrom" and call.is_root):
            continue
        if file == "cdrom":
            call.need("/", "Sys.Console")
        elif name == "cloudinit":
            call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
            cluster.storage(storage)
        elif asks_new and parts.get("media") != "cdrom":
            target = asks_new[1] or call.text("storage")
            if not target:
                die("no storage ID specified (and no default storage)")
            call.need(f"/storage/{target}", "Datastore.AllocateSpace")
            if not _space.allows(cluster.storage(target), "images"):
                refuse(storage=f"storage '{target}' does not support vm images")
        else:
            _check_existing(call, key, file, vmid)


def _check_import(call: Call, key: str, parts: Mapping[str, str], vmid: int) -> None:
    new = _drives.NEW_DISK.fullmatch(parts.get("file", ""))
    if not new or float(new[2]) != 0:
        refuse({key: "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>"})
    source = parts["import-from"]
    if source.startswith("/"):
        if not call.is_root:
            die("Only root can pass arbitrary filesystem paths.")
    elif not call.is_root:
        _check_existing(call, key, source, vmid)


def _check_existing(call: Call, key: str, file: str, vmid: int) -> None:
    if file.startswith("/"):
        if not call.is_root:
            die("Only root can pass arbitrary filesystem paths.")
        return
    storage, parsed = call.cluster.volume_name(file)
    if parsed.content not in ("images", "iso", "import"):
        refuse({key: "content type needs to be 'images' or 'iso'"})
    if call.is_root:
        return
    if parsed.content == "iso":
        call.need(f"/storage/{storage}", "Datastore.AllocateSpace", "Datastore.Audit", any_of=True)
    elif parsed.vmid is not None and parsed.vmid != vmid:
        call.need(f"/vms/{parsed.vmid}", "VM.Config.Disk")


async def create(
    work: Work, guest: Guest, drives: Mapping[str, str], default_storage: str, as_base: bool = False
) -> dict[str, str]:
    """Make what is new, look up what is there; answers the configuration lines."""
    made: dict[str, str] = {}
    for key in sorted(drives):
        parts = _drives.parse_drive(drives[key])
        parts.pop("volume", None)
        file = parts["file"]
        new = _drives.NEW_DISK.fullmatch(file)
        if file in ("none", "cdrom"):
            parts["media"] = "cdrom"
        elif file.endswith(":cloudinit"):
            made[key] = _create_cloudinit(work, guest, file.partition(":")[0], key, parts, {**guest.live, **made})
            continue
        elif new and parts.get("media") != "cdrom":
            made[key] = await _create_new(work, guest, key, parts, new[1] or default_storage, float(new[2]), as_base)
            continue
        elif file.startswith("/"):
            die(f"volume {file} does not exist")
        else:
            _look_up(work, guest, key, parts)
        made[key] = _drives.show(parts)
    return made


def _create_cloudinit(
    work: Work, guest: Guest, storage: str, key: str, parts: _drives.Parts, others: Mapping[str, str]
) -> str:
    for other, text in others.items():
        if other != key and guest.is_volume_key(other) and _drives.is_cloudinit(text):
            die(f"{key} - cloud-init drive is already attached at '{other}'")
    form = parts.get("format") or ("qcow2" if "qcow2" in _volumes.formats_of(work.cluster, storage) else "raw")
    stem = f"vm-{guest.vmid}-cloudinit"
    volid = _volumes.allocate(work, storage, guest.node, guest.vmid, form, _volumes.CLOUDINIT_SIZE, stem=stem)
    drive = _drives.show({"file": volid, "media": "cdrom"})
    work.log(f"{key}: successfully created disk '{drive}'")
    return drive


async def _create_new(
    work: Work, guest: Guest, key: str, parts: _drives.Parts, storage: str, gigabytes: float, as_base: bool
) -> str:
    cluster, node = work.cluster, guest.node
    form = parts.pop("format", "")
    if source := parts.pop("import-from", ""):
        volid = await _import(work, guest, source, storage, form)
    else:
        size = {"efidisk0": _EFI_SIZE, "tpmstate0": _TPM_SIZE}.get(key, int(gigabytes * GIB))
        if key == "efidisk0" and parts.get("efitype", "2m") == "2m":
            size = _EFI_SIZE_OLD
        wanted = form or ("raw" if key == "tpmstate0" else _volumes.default_format(cluster, storage))
        await work.takes(0.2)
        volid = _volumes.allocate(work, storage, node, guest.vmid, wanted, size)
    if as_base and key not in ("efidisk0", "tpmstate0"):
        volid = _volumes.rename(cluster, volid, node, guest.vmid, "base")
    volume = cluster.volume(volid, node)
    drive = _drives.show({**parts, "file": volid, "size": size_text(volume.size if volume else 0)})
    work.log(f"{key}: successfully created disk '{drive}'")
    return drive


async def _import(work: Work, guest: Guest, source: str, storage: str, form: str) -> str:
    cluster = work.cluster
    if source.startswith("/"):
        die(f"can't find file '{source}'")
    _, parsed = cluster.volume_name(source)
    if cluster.volume(source, guest.node) is None:
        path = cluster.volume_path(source)
        if parsed.content == "import":
            die(f"failed to stat '{path}'")
        work.log(f"failed to stat '{path}'")
        die(f"cannot import from '{source}' - could not get size of {source}")
    wanted = form or (parsed.format if parsed.format in _volumes.formats_of(cluster, storage) else "raw")
    work.log(f"create full clone of drive ({source})")
    return await _volumes.copy(work, source, storage, guest.node, guest.vmid, wanted)


def _look_up(work: Work, guest: Guest, key: str, parts: _drives.Parts) -> None:
    volume = _existing(work, guest, parts["file"])
    parts["size"] = size_text(volume.size)
    parts.pop("format", None)


def _existing(work: Work, guest: Guest, volid: str) -> Volume:
    work.cluster.volume_name(volid)
    volume = work.cluster.volume(volid, guest.node)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    return volume


def unused_slot(guest: Guest) -> str:
    return next(f"unused{n}" for n in range(256) if f"unused{n}" not in guest.live)


def keep_unused(guest: Guest, drive: str, work: Work) -> None:
    """A drive leaves the configuration but its volume stays: as `unusedN`, if it is the guest's own."""
    volid = _drives.parse_volume(drive)
    is_used = any(
        _drives.parse_volume(text) == volid for key, text in guest.live.items() if guest.is_volume_key(key)
    ) or volid in [v for k, v in guest.live.items() if k.startswith("unused")]
    if not is_used and _volumes.owned_by(work.cluster, volid, guest.vmid):
        guest.live[unused_slot(guest)] = volid


def drop_used_again(guest: Guest) -> None:
    """`unusedN` goes away when its volume is attached again."""
    used = {
        _drives.parse_volume(t)
        for s in (guest.live, guest.conf.pending)
        for k, t in s.items()
        if guest.is_volume_key(k)
    }
    for key in [k for k, v in guest.live.items() if k.startswith("unused") and _drives.parse_volume(v) in used]:
        del guest.live[key]


def size_of(drive: str) -> int:
    text = _drives.parse(drive).get("size", "")
    return parse_size(text) if text else 0
