"""POST clone and POST template of a container."""

from __future__ import annotations

import re

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _removal, _volumes
from proxmox_mpc.simulator.answers.lxc import _mounts
from proxmox_mpc.simulator.answers.lxc.create import with_mac
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.conf import Section
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import size_text

# Renaming the volumes of a template is quick, but not immediate.
_CONVERTING_S = 2.5
_NOT_COPIED = re.compile(r"unused\d+|lock|parent|snaptime|template|snapstate")


@answers("POST", "/nodes/{node}/lxc/{vmid}/clone")
def clone(call: Call) -> str:
    cluster, newid = call.cluster, call.number("newid")
    target = call.text("target", call.node.name)
    _guest.check_pool(call)
    if target not in cluster.nodes:
        die(f"no such cluster node '{target}'")
    storage = call.text("storage")
    if storage:
        cluster.storage(storage)
    _guest.check_free(cluster, newid)
    guest = _guest.of(call)
    _guest.check_lock(guest)
    name = call.text("snapname")
    if name and name not in guest.conf.snapshots:
        die(f"snapshot '{name}' does not exist")
    section = guest.conf.snapshots[name] if name else guest.live
    full = call.flag("full", not guest.is_template)
    if guest.is_running and full and not name:
        die("Full clone of a running container is only possible from a snapshot")
    _check_volumes(call, guest, section, full, target, storage)
    made = Guest(newid, "lxc", target, born=cluster.now())
    made.live["lock"] = "create"
    cluster.guests[newid] = made
    _guest.join_pool(call, newid)

    async def work(work: _tasks.Work) -> None:
        try:
            async with _tasks.locked(cluster, "lxc", -newid) if guest.is_template else _guest.held(cluster, guest):
                live = await _copy(work, call, guest, made, section, full, storage)
        except BaseException:
            _removal.take_back(cluster, newid, target)
            raise
        made.conf.live = live
        made.touch()

    return call.fork("vzclone", call.vmid, work)


def _check_volumes(call: Call, guest: Guest, section: Section, full: bool, target: str, storage: str) -> None:
    for key, text in section.items():
        volid = _mounts.parse(text).get("volume", "")
        if not guest.is_volume_key(key) or ":" not in volid:
            continue
        origin = volid.partition(":")[0]
        if target != guest.node and not call.cluster.is_shared(storage or origin):
            die(f"can't clone CT to node '{target}' (CT uses local storage)")
        kind = call.cluster.storage(origin)["type"]
        # Files cannot be cloned by link: their raw images have no backing file (lxc-clone, 9.1).
        if not full and (not _volumes.is_base(volid) or kind in ("dir", "nfs", "cifs")):
            die(f"Linked clone feature for '{volid}' is not available")
        call.need(f"/storage/{storage or origin}", "Datastore.AllocateSpace")


async def _copy(
    work: _tasks.Work, call: Call, guest: Guest, made: Guest, section: Section, full: bool, storage: str
) -> Section:
    cluster = work.cluster
    live = {k: v for k, v in section.items() if not _NOT_COPIED.fullmatch(k)}
    for key in sorted(live):
        if re.fullmatch(r"net\d+", key):
            live[key] = with_mac(call, live[key], fresh=True)
        elif guest.is_volume_key(key) and ":" in _mounts.parse(live[key])["volume"]:
            parts = _mounts.parse(live[key])
            source = parts["volume"]
            if not full:
                work.log(f"create linked clone of mountpoint {key} ({source})")
                parts["volume"] = _volumes.link(work, source, guest.node, made.vmid)
                live[key] = _mounts.show(parts)
                continue
            volume = cluster.volume(source, guest.node)
            if volume is None:
                die(f"volume '{source}' does not exist")
            work.log(f"create full clone of mountpoint {key} ({source})")
            parts["volume"] = await _mounts.allocate(work, made, storage or source.partition(":")[0], volume.size)
            await work.takes(volume.used / 100e6)
            work.log(
                "Number of files: 35 (reg: 9, dir: 24, link: 2)",
                "Number of created files: 33 (reg: 9, dir: 22, link: 2)",
                "Number of deleted files: 0", "Number of regular files transferred: 9",
                "Total file size: 7,230 bytes", "Total transferred file size: 7,222 bytes",
                "Literal data: 7,222 bytes", "Matched data: 0 bytes", "File list size: 0",
                "File list generation time: 0.001 seconds", "File list transfer time: 0.000 seconds",
                "Total bytes sent: 9,386", "Total bytes received: 258", "",
                "sent 9,386 bytes  received 258 bytes  19,288.00 bytes/sec",
                "total size is 7,230  speedup is 0.75",
            )  # fmt: skip
            parts["size"] = size_text(volume.size)
            live[key] = _mounts.show(parts)
    live["hostname"] = call.text("hostname") or live.get("hostname", f"CT{made.vmid}")
    if "description" in call.params:
        live["description"] = call.text("description").rstrip()
    return live


@answers("POST", "/nodes/{node}/lxc/{vmid}/template")
async def template(call: Call) -> None:
    """Checks under the guest's lock, then works in a task that nobody is told of (lxc-clone, 9.1)."""
    guest, cluster = _guest.of(call), call.cluster
    async with _guest.held(cluster, guest):
        _guest.check_lock(guest)
        if guest.conf.snapshots:
            die("unable to create template, because CT contains snapshots")
        if guest.is_template:
            die("you can't convert a template to a template")
        if guest.is_running:
            die("you can't convert a CT to template if the CT is running")

    async def convert(work: _tasks.Work) -> None:
        async with _guest.held(cluster, guest):
            await work.waits(_CONVERTING_S)
            _convert(cluster, guest)

    call.fork("vztemplate", guest.vmid, convert)


def _convert(cluster: Cluster, guest: Guest) -> None:
    guest.live["template"] = "1"
    for key in [k for k in guest.live if guest.is_volume_key(k)]:
        parts = _mounts.parse(guest.live[key])
        if ":" in parts["volume"]:
            parts["volume"] = _volumes.rename(cluster, parts["volume"], guest.node, guest.vmid, "base")
            guest.live[key] = _mounts.show(parts)
    guest.touch()
