"""Virtual machines from backups: POST /nodes/{node}/qemu with `archive`.

The texts of QEMU backups were not recorded.
"""

from __future__ import annotations

import re
import time

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _removal, _volumes
from proxmox_mpc.simulator.answers.nodes import _dump
from proxmox_mpc.simulator.answers.qemu import _disks, _identity, power
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import GIB, Volume, parse_size

# Keys of a backed-up configuration that a restored machine does not take over (PVE::QemuServer, 9.1).
_NOT_RESTORED = re.compile(r"unused\d+|lock|parent|vmstate|runningmachine|runningcpu|snaptime")

# Bytes per second from an archive to disk.
_SPEED = 300e6


def check(call: Call) -> None:
    """The archive is there, is one of a virtual machine, and may be used."""
    volid = call.text("archive")
    if volid.startswith("/") or volid == "-":
        if not call.is_root:
            die("Only root can pass arbitrary filesystem paths.")
        die(f"can't find archive file '{volid}'")
    storage, parsed = call.cluster.volume_name(volid)
    if parsed.content != "backup":
        die(f"unable to use volume {volid} - content type needs to be 'backup'")
    if not call.is_root and not call.may(f"/storage/{storage}", "Datastore.Allocate"):
        call.need(f"/storage/{storage}", "Datastore.AllocateSpace", "Datastore.Audit", any_of=True)
        if parsed.vmid is not None:
            call.need(f"/vms/{parsed.vmid}", "VM.Backup")
    if call.cluster.volume(volid, call.node.name) is None:
        die(f"volume '{volid}' does not exist")


def begin(call: Call, settings: Section, drives: Section) -> str:
    """Start the task, over an existing machine by force."""
    cluster, vmid, node = call.cluster, call.vmid, call.node.name
    prefix = f"unable to restore VM {vmid} - "
    if drives:
        refuse(dict.fromkeys(drives, "option conflicts with option 'archive'"))
    if storage := call.text("storage"):
        call.need(f"/storage/{storage}", "Datastore.AllocateSpace")
        if not _space.allows(cluster.storage(storage), "images"):
            refuse(storage=f"storage '{storage}' does not support vm images")
    before = cluster.guests.get(vmid)
    if before and before.is_qemu and before.node == node and call.flag("force"):
        if before.live.get("protection") == "1":
            die(f"{prefix}can't remove VM {vmid} - protection mode enabled")
        if before.is_running:
            die(f"{prefix}VM {vmid} is running")
        _guest.check_lock(before)
        guest = before
    else:
        _guest.check_free(cluster, vmid, prefix)
        before = None
        guest = cluster.guests[vmid] = Guest(vmid, "qemu", node, born=cluster.now())
        _guest.join_pool(call, vmid)
    guest.live["lock"] = "create"
    guest.touch()

    async def work(work: _tasks.Work) -> None:
        old = set(_volumes.of_guest(cluster, vmid, node))
        try:
            live = await _build(work, call, guest, settings)
        except BaseException as error:
            for volid in set(_volumes.of_guest(cluster, vmid, node)) - old:
                _volumes.remove(cluster, volid, node)
            if before is None:
                cluster.forget_guest(vmid)
            else:
                guest.live.pop("lock", None)
            if isinstance(error, ApiError):
                raise ApiError(error.status, f"{prefix}{error.message}", error.errors) from None
            raise
        _replace(guest, live, work)
        if call.flag("ha-managed"):
            _ha.manage(cluster, guest, started=call.flag("start"))
        elif call.flag("start") or call.flag("live-restore"):
            work.log("Execute autostart")
            call.fork("qmstart", vmid, lambda w: power.start(w, guest))

    return call.fork("qmrestore", vmid, work)


async def _build(work: _tasks.Work, call: Call, guest: Guest, settings: Section) -> Section:
    """The restored configuration, its disks made; what the request sets is put on top."""
    archive = call.text("archive")
    volume = call.cluster.volume(archive, guest.node)
    if volume is None:
        die(f"can't find archive file '{archive}'")
    if not volume.name.startswith("backup/vzdump-qemu") and not re.search(r"\.vma(\.|$)", volume.name):
        die("unable to parse qemu-server.conf: the archive is not one of a virtual machine")
    text = "".join(line for line in volume.conf.splitlines(True) if not line.startswith(_dump.MAP_PREFIX))
    held = conf_file.read(text).live
    _announce(work, archive, volume, held)
    live: Section = {}
    for key, value in held.items():
        if _NOT_RESTORED.fullmatch(key):
            continue
        restored = await _restore_key(work, call, guest, key, value, volume)
        if restored is not None:
            live[key] = restored
    await work.takes(volume.size / min(_SPEED, call.number("bwlimit") * 1024 or _SPEED))
    work.log("progress 100%", "rescan volumes...")
    return {**live, **{k: v or " " for k, v in settings.items()}}


def _announce(work: _tasks.Work, archive: str, volume: Volume, held: Section) -> None:
    path = work.cluster.volume_path(archive)
    unpack = {"zst": f"zstd -q -d -c {path} | ", "gz": f"zcat {path} | ", "lzo": f"lzop -d -c {path} | "}
    piped = unpack.get(volume.name.rpartition(".")[2], "")
    work.log(f"restore vma archive: {piped}vma extract -v -r /var/tmp/vzdumptmp.fifo {'-' if piped else path}")
    work.log(f"CFG: size: {len(volume.conf)} name: qemu-server.conf")
    for number, key in enumerate(_restorable(held), 1):
        work.log(f"DEV: dev_id={number} size: {_size(held[key])} devname: drive-{key}")
    work.log(f"CTIME: {time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime(volume.created))}")


def _restorable(held: Section) -> list[str]:
    return sorted(_dump.backed_up(Guest(0, "qemu", "", conf_file.Conf(held))))


def _size(drive: str) -> int:
    text = _drives.parse(drive).get("size", "")
    return parse_size(text) if text else GIB


async def _restore_key(
    work: _tasks.Work, call: Call, guest: Guest, key: str, value: str, archive: Volume
) -> str | None:
    cluster, unique = work.cluster, call.flag("unique")
    if re.fullmatch(r"net\d+", key):
        return _identity.with_mac(cluster, value, fresh=unique)
    if key == "smbios1":
        return _identity.with_uuid(cluster, value, fresh=unique)
    if key == "vmgenid":
        return cluster.new_uuid()
    if not guest.is_volume_key(key):
        return value
    parts = _drives.parse(value)
    storage = call.text("storage") or parts["file"].partition(":")[0]
    if _drives.is_cloudinit(value):
        # Its content is made anew from the configuration; the old one's place is free by now.
        form = "qcow2" if "qcow2" in _volumes.formats_of(cluster, storage) else "raw"
        stem = f"vm-{guest.vmid}-cloudinit"
        if old := guest.live.get(key):
            _volumes.remove(cluster, _drives.parse_volume(old), guest.node)
        volid = _volumes.allocate(work, storage, guest.node, guest.vmid, form, _volumes.CLOUDINIT_SIZE, stem=stem)
        return _drives.show({**parts, "file": volid})
    if _drives.is_cdrom(value):
        return value
    if key not in _restorable({key: value}):
        return None
    form = (
        cluster.volume_name(parts["file"])[1].format if parts["file"].partition(":")[0] in cluster.storages else "raw"
    )
    cluster.storage(storage)
    if form not in _volumes.formats_of(cluster, storage):
        form = _volumes.default_format(cluster, storage)
    volid = _volumes.allocate(work, storage, guest.node, guest.vmid, form, _size(value))
    made = cluster.volume(volid, guest.node)
    if made:
        made.has_os, made.used = archive.has_os, max(made.used, archive.size)
    work.log(f"new volume ID is '{volid}'", f"map 'drive-{key}' to '{cluster.volume_path(volid)}' (write zeros = 0)")
    return _drives.show({**parts, "file": volid})


def _replace(guest: Guest, live: Section, work: _tasks.Work) -> None:
    """The restored configuration takes the old one's place: disks that it has anew go, others stay as unused."""
    old_live = {k: v for k, v in guest.live.items() if guest.is_volume_key(k) or k.startswith("unused")}
    restored = set(live)
    states = [volid for volid in _removal.volumes_of(guest) if "-state-" in volid]
    guest.conf = conf_file.Conf(live)
    for volid in states:
        _volumes.remove(work.cluster, volid, guest.node)
    for key, text in old_live.items():
        volid = _drives.parse_volume(text)
        if not _volumes.owned_by(work.cluster, volid, guest.vmid):
            continue
        if _drives.is_cloudinit(text):
            continue
        if key in restored:
            _volumes.remove(work.cluster, volid, guest.node)
        else:
            _disks.keep_unused(guest, text, work)
    if guest.is_template:
        for key in [k for k, v in guest.live.items() if guest.is_volume_key(k) and not _drives.is_cdrom(v)]:
            parts = _drives.parse(guest.live[key])
            parts["file"] = _volumes.rename(work.cluster, parts["file"], guest.node, guest.vmid, "base")
            guest.live[key] = _drives.show(parts)
    guest.touch()
