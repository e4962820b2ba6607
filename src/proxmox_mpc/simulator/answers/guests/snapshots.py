"""Snapshots of both kinds of guests."""

from __future__ import annotations

import copy
import re
from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.answers.qemu import _machine, _memory
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest, Run
from proxmox_mpc.simulator.state.storage import FILE_TYPES

_QEMU = "/nodes/{node}/qemu/{vmid}/snapshot"
_LXC = "/nodes/{node}/lxc/{vmid}/snapshot"

# What a snapshot does not hold, and what a rollback leaves alone.
_NOT_HELD = re.compile(r"unused\d+|lock|description|snaptime|snapstate|vmstate|runningmachine|runningcpu")
_RESERVED = frozenset({"current", "pending", "vzdump"})


def _word(guest: Guest, action: str) -> str:
    return ("qm" if guest.is_qemu else "vz") + action


def can_snapshot(cluster: Cluster, guest: Guest, section: Section) -> bool:
    """Do all volumes support it? qcow2 files do, thin volumes and datasets do, raw files and plain LVM do not."""
    for key, text in section.items():
        if not guest.is_volume_key(key) or (guest.is_qemu and _drives.is_cdrom(text)):
            continue
        volid = _drives.parse_volume(text)
        storage, _, name = volid.partition(":")
        if storage not in cluster.storages:
            return False
        kind = cluster.storages[storage]["type"]
        if (kind in FILE_TYPES and not name.endswith(".qcow2")) or kind in ("lvm", "iscsi"):
            return False
    return True


@answers("GET", _QEMU, _LXC)
def listing(call: Call) -> Any:
    guest = _guest.of(call)
    rows: list[dict[str, Any]] = []
    for name, section in guest.conf.snapshots.items():
        row: dict[str, Any] = {"name": name, "snaptime": int(section["snaptime"])}
        row["description"] = (
            section.get("description", "")
            if guest.is_qemu
            else section.get("description", "") + "\n" * ("description" in section)
        )
        if guest.is_qemu:
            row["vmstate"] = int("vmstate" in section)
        if "parent" in section:
            row["parent"] = section["parent"]
        rows.append(row)
    current: dict[str, Any] = {
        "name": "current",
        "description": "You are here!",
        "digest": guest.digest,
        "running": int(guest.is_running),
    }
    if "parent" in guest.live:
        current["parent"] = guest.live["parent"]
    return [*rows, current]


@answers("POST", _QEMU, _LXC)
def create(call: Call) -> str:
    cluster, name, node, vmid, kind = (
        call.cluster,
        call.text("snapname"),
        call.node.name,
        call.vmid,
        _guest.kind_of(call),
    )
    if name in _RESERVED and not (kind == "qemu" and name == "vzdump"):
        die(f"unable to use snapshot name '{name}' (reserved name)")

    async def work(work: _tasks.Work) -> None:
        guest = _guest.find(cluster, node, kind, vmid)
        async with _guest.held(cluster, guest):
            _guest.check_lock(guest)
            if name in guest.conf.snapshots:
                die(f"snapshot name '{name}' already used")
            if guest.is_template:
                die("can't take a snapshot if it's a template")
            if not can_snapshot(cluster, guest, guest.live):
                die("snapshot feature is not available")
            guest.live["lock"] = "snapshot"
            try:
                await work.takes(1)
                with_memory = call.flag("vmstate") and guest.is_running
                await _machine.snapshot(work, guest, guest.live, name, with_memory=with_memory)
                await _take(work, guest, name, call)
            finally:
                guest.live.pop("lock", None)
                guest.touch()

    return call.fork("qmsnapshot" if kind == "qemu" else "vzsnapshot", vmid, work)


async def _take(work: _tasks.Work, guest: Guest, name: str, call: Call) -> None:
    held = {k: v for k, v in guest.live.items() if not _NOT_HELD.fullmatch(k)}
    held["snaptime"] = str(int(work.cluster.now()))
    if text := call.text("description").rstrip():
        held["description"] = text
    if call.flag("vmstate") and guest.is_running and guest.run:
        held |= {"vmstate": await _memory.save(work, guest, name), "runningmachine": guest.run.machine}
    for key in sorted(guest.live):
        if guest.is_volume_key(key) and not (guest.is_qemu and _drives.is_cdrom(guest.live[key])):
            label = f"drive-{key}" if guest.is_qemu else key
            if guest.is_qemu:
                work.log(f"snapshotting '{label}' ({_drives.parse_volume(guest.live[key])})")
    guest.conf.snapshots[name] = held
    guest.live["parent"] = name


def _known(guest: Guest, name: str) -> Section:
    if name not in guest.conf.snapshots:
        die(f"snapshot '{name}' does not exist")
    return guest.conf.snapshots[name]


@answers("GET", _QEMU + "/{snapname}/config", _LXC + "/{snapname}/config")
def read(call: Call) -> Any:
    guest = _guest.of(call)
    shown = _guest.typed(call, guest.kind, _known(guest, call.text("snapname")))
    if not guest.is_qemu and "description" in shown:
        shown["description"] += "\n"
    return shown


@answers("PUT", _QEMU + "/{snapname}/config", _LXC + "/{snapname}/config")
def describe(call: Call) -> None:
    guest = _guest.of(call)
    _guest.check_lock(guest)
    section = _known(guest, call.text("snapname"))
    if "description" in call.params:
        section.pop("description", None)
        if text := call.text("description").rstrip():
            section["description"] = text
        guest.touch()


@answers("POST", _QEMU + "/{snapname}/rollback", _LXC + "/{snapname}/rollback")
def roll_back(call: Call) -> str:
    cluster, name, node, vmid, kind = (
        call.cluster,
        call.text("snapname"),
        call.node.name,
        call.vmid,
        _guest.kind_of(call),
    )

    async def work(work: _tasks.Work) -> None:
        guest = _guest.find(cluster, node, kind, vmid)
        async with _guest.held(cluster, guest):
            section = _known(guest, name)
            _guest.check_lock(guest)
            if guest.is_template:
                die("can't rollback if it's a template")
            await work.takes(1)
            await _machine.roll_back(work, guest, section, name)
            guest.run = None
            kept = {k: v for k, v in guest.live.items() if k == "description" or k.startswith("unused")}
            held = {k: v for k, v in copy.copy(section).items() if not _NOT_HELD.fullmatch(k) and k != "parent"}
            guest.conf.live = {**held, **kept, "parent": name}
            guest.conf.pending.clear()
            if "vmgenid" in held:
                guest.live["vmgenid"] = cluster.new_uuid()
            if "vmstate" in section or call.flag("start"):
                if cluster.host and guest.is_qemu:
                    await _machine.start(work, cluster.host, guest, memory_of=name if "vmstate" in section else "")
                else:
                    guest.run = Run(cluster.now(), cluster.next_pid())
                    guest.run.machine = section.get("runningmachine", guest.run.machine)
            guest.touch()

    return call.fork("qmrollback" if kind == "qemu" else "vzrollback", vmid, work)


@answers("DELETE", _QEMU + "/{snapname}", _LXC + "/{snapname}")
def delete(call: Call) -> str:
    cluster, name, node, vmid, kind = (
        call.cluster,
        call.text("snapname"),
        call.node.name,
        call.vmid,
        _guest.kind_of(call),
    )

    async def work(work: _tasks.Work) -> None:
        guest = _guest.find(cluster, node, kind, vmid)
        async with _guest.held(cluster, guest):
            gone = _known(guest, name)
            _guest.check_lock(guest)
            if guest.is_template:
                die("can't delete snapshot if it's a template")
            await work.takes(1)
            await _machine.forget_snapshot(work, guest, gone, name)
            for section in (guest.live, *guest.conf.snapshots.values()):
                if section.get("parent") == name:
                    section.pop("parent")
                    if "parent" in gone:
                        section["parent"] = gone["parent"]
            del guest.conf.snapshots[name]
            if state := gone.get("vmstate"):
                _volumes.remove(cluster, state, guest.node)
            guest.touch()

    return call.fork("qmdelsnapshot" if kind == "qemu" else "vzdelsnapshot", vmid, work)


@answers("GET", "/nodes/{node}/qemu/{vmid}/feature", "/nodes/{node}/lxc/{vmid}/feature")
def feature(call: Call) -> Any:
    guest, wanted = _guest.of(call), call.text("feature")
    section = _known(guest, call.text("snapname")) if "snapname" in call.params else guest.live
    if wanted == "snapshot":
        has = can_snapshot(call.cluster, guest, section)
    elif wanted == "copy":
        has = guest.is_qemu or not guest.is_running or "snapname" in call.params
    else:
        volids = [
            _drives.parse_volume(t)
            for k, t in section.items()
            if guest.is_volume_key(k) and not (guest.is_qemu and _drives.is_cdrom(t))
        ]
        has = all(_volumes.is_base(v) for v in volids)
    answer: dict[str, Any] = {"hasFeature": int(has)}
    if guest.is_qemu:
        answer["nodes"] = [guest.node] if has else []
    return answer
