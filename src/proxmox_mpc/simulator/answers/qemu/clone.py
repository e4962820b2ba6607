"""POST clone and POST template of a virtual machine."""

from __future__ import annotations

import copy
import re

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _removal, _volumes
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import size_text

# Keys that a clone does not take over from its source.
_NOT_COPIED = re.compile(r"unused\d+|lock|parent|snaptime|vmstate|runningmachine|runningcpu|template|snapstate")


@answers("POST", "/nodes/{node}/qemu/{vmid}/clone")
def clone(call: Call) -> str:
    cluster, newid, source_node = call.cluster, call.number("newid"), call.node.name
    target = call.text("target", source_node)
    _guest.check_pool(call)
    if target not in cluster.nodes:
        die(f"no such cluster node '{target}'")
    guest = cluster.guests.get(call.vmid)
    if guest is None or not guest.is_qemu or guest.node != source_node:
        die(f"unable to find configuration file for VM {call.vmid} on node '{source_node}'")
    storage = call.text("storage")
    if storage:
        cluster.storage(storage)
    if newid in cluster.guests:
        die(f"unable to create VM {newid}: config file already exists")
    _guest.check_lock(guest)
    section = _source_section(call, guest)
    full = call.flag("full", not guest.is_template)
    if not full:
        for name in ("storage", "format"):
            if name in call.params:
                die(f"parameter '{name}' not allowed for linked clones")
    _check_rights(call, guest, section, storage)
    _check_volumes(call, guest, section, full, target, storage)
    made = Guest(newid, "qemu", target, born=cluster.now())
    made.live["lock"] = "clone"
    cluster.guests[newid] = made
    _guest.join_pool(call, newid)

    async def work(work: _tasks.Work) -> None:
        try:
            work.log(f"creating a clone of VM {guest.vmid} with ID {newid}")
            # Full clones of a machine that is no template exclude each other; template clones do not.
            async with _tasks.locked(cluster, "qemu", -newid) if guest.is_template else _guest.held(cluster, guest):
                live = await _copy(work, call, guest, made, section, full, storage)
        except BaseException as error:
            _removal.take_back(cluster, newid, target)
            if isinstance(error, ApiError):
                raise ApiError(error.status, f"clone failed: {error.message}", error.errors) from None
            raise
        made.conf.live = live
        made.touch()

    return call.fork("qmclone", call.vmid, work)


def _source_section(call: Call, guest: Guest) -> Section:
    name = call.text("snapname")
    if not name or name == "current":
        return guest.live
    if name not in guest.conf.snapshots:
        die(f"snapshot '{name}' does not exist")
    return guest.conf.snapshots[name]


def _check_rights(call: Call, guest: Guest, section: Section, storage: str) -> None:
    for key, text in section.items():
        if re.fullmatch(r"net\d+", key):
            parts = _drives.parse_net(text)
            _guest.need_bridge(call, parts.get("bridge", ""), parts.get("tag", ""), parts.get("trunks", ""))
        elif guest.is_volume_key(key) and not _drives.is_cdrom(text, but_not_cloudinit=True):
            where = storage or _drives.parse_volume(text).partition(":")[0]
            call.need(f"/storage/{where}", "Datastore.AllocateSpace")


def _check_volumes(call: Call, guest: Guest, section: Section, full: bool, target: str, storage: str) -> None:
    cluster = call.cluster
    for key, text in section.items():
        volid = _drives.parse_volume(text)
        if not guest.is_volume_key(key) or _drives.is_cdrom(text, but_not_cloudinit=True) or ":" not in volid:
            continue
        name = volid.partition(":")[0]
        if target != guest.node and not cluster.is_shared(name):
            die(f"can't clone VM to node '{target}' (VM uses local storage)")
        if not full and not _drives.is_cloudinit(text) and not _volumes.is_base(volid):
            die(f"Linked clone feature is not supported for '{volid}' ({key})")
        wanted = call.text("format")
        if wanted and wanted not in _volumes.formats_of(cluster, storage or name) and full:
            die(f"unsupported format '{wanted}'")
    if target != guest.node and storage and not cluster.is_shared(storage):
        die(f"can't clone to non-shared storage '{storage}'")


async def _copy(
    work: _tasks.Work, call: Call, guest: Guest, made: Guest, section: Section, full: bool, storage: str
) -> Section:
    live = {k: v for k, v in copy.copy(section).items() if not _NOT_COPIED.fullmatch(k)}
    for key in sorted(live):
        if re.fullmatch(r"net\d+", key):
            live[key] = _drives.show_net({**_drives.parse_net(live[key]), "macaddr": work.cluster.new_mac()})
        elif guest.is_volume_key(key) and not _drives.is_cdrom(live[key], but_not_cloudinit=True):
            live[key] = await _copy_drive(work, call, guest, made, key, live[key], full, storage)
    smbios = _drives.parse(live.get("smbios1", ""))
    smbios.pop("uuid", None)
    rest = _drives.show(smbios)
    live["smbios1"] = f"uuid={work.cluster.new_uuid()}" + (f",{rest}" if rest else "")
    if "vmgenid" in live:
        live["vmgenid"] = work.cluster.new_uuid()
    live["name"] = call.text("name") or f"Copy-of-VM-{guest.live.get('name', guest.vmid)}"
    if "description" in call.params:
        live["description"] = call.text("description").rstrip()
    if not live.get("description"):
        live.pop("description", None)
    return live


async def _copy_drive(
    work: _tasks.Work, call: Call, guest: Guest, made: Guest, key: str, text: str, full: bool, storage: str
) -> str:
    cluster, parts = work.cluster, _drives.parse(text)
    source = parts["file"]
    origin, parsed = cluster.volume_name(source)
    where = storage or origin
    if not full and not _drives.is_cloudinit(text):
        work.log(f"create linked clone of drive {key} ({source})")
        parts["file"] = _volumes.link(work, source, guest.node, made.vmid)
        base, linked = cluster.volume(source, guest.node), cluster.volume(parts["file"], guest.node)
        if cluster.host and base and linked:
            await cluster.host.disks.link(base, linked)
        return _drives.show(parts)
    work.log(f"create full clone of drive {key} ({source})")
    form = call.text("format") or (parsed.format if parsed.format in _volumes.formats_of(cluster, where) else "raw")
    is_cloudinit = _drives.is_cloudinit(text)
    stem = f"vm-{made.vmid}-cloudinit" if is_cloudinit else ""
    volid = await _volumes.copy(
        work, source, where, guest.node, made.vmid, form, stem=stem, to_node=made.node, progress=not is_cloudinit
    )
    volume = cluster.volume(volid, made.node)
    return _drives.show({**parts, "file": volid, "size": size_text(volume.size if volume else 0)})


@answers("POST", "/nodes/{node}/qemu/{vmid}/template")
def template(call: Call) -> str:
    guest, wanted = _guest.of(call), call.text("disk")
    _guest.check_lock(guest)
    if guest.conf.snapshots:
        die("unable to create template, because VM contains snapshots")
    if guest.is_template and not wanted:
        die("you can't convert a template to a template")
    if guest.is_running:
        die("you can't convert a VM to template if VM is running")

    async def work(work: _tasks.Work) -> None:
        await work.takes(1)
        guest.live["template"] = "1"
        for key in sorted(guest.live):
            text = guest.live[key]
            if not guest.is_volume_key(key) or (wanted and key != wanted):
                continue
            if _drives.is_cdrom(text) or _volumes.is_base(_drives.parse_volume(text)):
                continue
            parts = _drives.parse(text)
            parts["file"] = _volumes.rename(work.cluster, parts["file"], guest.node, guest.vmid, "base")
            guest.live[key] = _drives.show(parts)
        guest.touch()

    return call.fork("qmtemplate", call.vmid, work)
