"""/nodes/{node}/ceph/osd: the daemons that keep the data, one or more per disk."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.ceph import _cluster, pools
from proxmox_mpc.simulator.answers.disks import _devices
from proxmox_mpc.simulator.state.ceph import VERSION, Osd
from proxmox_mpc.simulator.state.disks import find_device

_PATH = "/nodes/{node}/ceph/osd"
_ONE = _PATH + "/{osdid}"
_TAKES_S = 10.0
# CRUSH weighs a disk by its size in tebibytes.
_TIB = 1024**4


def _osd(call: Call) -> tuple[int, Osd]:
    """The daemon of the path, which must be on the node of the path."""
    number = call.number("osdid")
    osd = _cluster.working(call).osds.get(number)
    if osd is None or osd.node != call.node.name:
        die(f"osd.{number} does not exist on this node")
    return number, osd


@answers("POST", _PATH)
def create(call: Call) -> str:
    ceph, path = _cluster.working(call), call.text("dev")
    _devices.check_unused(call, [path])
    for key in ("db_dev", "wal_dev"):
        if key in call.params:
            _devices.device(call, call.text(key))
    count = call.number("osds-per-device", 1)
    if count > 1 and ("db_dev" in call.params or "wal_dev" in call.params):
        die("several daemons per device cannot have a DB or WAL device of their own")

    async def work(work: Work) -> None:
        _devices.check_unused(call, [path])
        disk, one = _devices.device(call, path)
        work.log(f"create OSD on {path} (bluestore)")
        await work.takes(_TAKES_S)
        one.label = "LVM"
        for _ in range(count):
            number = next(n for n in range(len(ceph.osds) + 1) if n not in ceph.osds)
            ceph.osds[number] = Osd(
                call.node.name, path, one.size // count, call.text("crush-device-class", disk.kind),
                db_device=call.text("db_dev"), wal_device=call.text("wal_dev"), encrypted=call.flag("encrypted"),
            )  # fmt: skip
            disk.osds.append(number)
            work.log(f"creating osd.{number}")
            _cluster.note(call, f"osd.{number} boot")
        pools.make_internal(call)

    return call.fork("cephcreateosd", path.removeprefix("/dev/"), work)


@answers("DELETE", _ONE)
def destroy(call: Call) -> str:
    number, osd = _osd(call)
    if osd.is_in:
        die(f"osd.{number} is in use (in == 1)")
    if _cluster.runs(call.cluster, osd):
        die(f"osd.{number} is still running")

    async def work(work: Work) -> None:
        work.log(f"destroy OSD osd.{number}")
        await work.takes(_TAKES_S)
        call.cluster.ceph.osds.pop(number, None)
        disk, one = _devices.device(call, osd.device)
        disk.osds = [other for other in disk.osds if other != number]
        if call.flag("cleanup") and not disk.osds:
            work.log(f"wiping block device {osd.device}")
            _devices.wipe(call.node, one.path)

    return call.fork("cephdestroyosd", f"osd.{number}", work)


@answers("GET", _PATH)
def tree(call: Call) -> Any:
    """The tree of root, hosts and daemons, as CRUSH has it."""
    ceph, hosts = _cluster.working(call), []
    pgs = _groups_per_osd(call)
    names = dict.fromkeys([*(osd.node for osd in ceph.osds.values()), *(m.node for m in ceph.monitors.values())])
    for place, name in enumerate(names):
        children = [_row(call, n, osd, pgs) for n, osd in ceph.osds.items() if osd.node == name]
        hosts.append(
            {"id": str(-3 - 2 * place), "name": name, "type": "host", "version": VERSION, "leaf": 0, "pgs": 0,
             "reweight": -1, "children": children}
        )  # fmt: skip
    top = {"id": "-1", "name": "default", "type": "root", "leaf": 0, "pgs": 0, "reweight": -1, "children": hosts}
    flags = ["sortbitwise", "recovery_deletes", "purged_snapdirs", "pglog_hardlimit", *ceph.flags]
    return {"root": {"leaf": 0, "children": [top]}, "flags": ",".join(flags)}


def _groups_per_osd(call: Call) -> int:
    """Placement groups on each daemon, evenly spread."""
    ceph = call.cluster.ceph
    count = sum(1 for osd in ceph.osds.values() if osd.is_in)
    copies = (int(p.settings["pg_num"]) * (sum(p.parts) or p.copies) for p in ceph.pools.values())
    return sum(copies) // count if count else 0


def _row(call: Call, number: int, osd: Osd, pgs: int) -> dict[str, Any]:
    ceph = call.cluster.ceph
    used = _cluster.raw_used(call.cluster) * osd.size // ceph.total if osd.is_in and ceph.total else 0
    return {
        "id": str(number), "name": f"osd.{number}", "type": "osd", "host": osd.node, "leaf": 1,
        "status": "up" if _cluster.runs(call.cluster, osd) else "down", "in": int(osd.is_in),
        "reweight": int(osd.is_in), "device_class": osd.device_class, "crush_weight": osd.size / _TIB,
        "total_space": osd.size, "bytes_used": used, "percent_used": 100 * used / osd.size,
        "pgs": pgs if osd.is_in else 0, "apply_latency_ms": 0, "commit_latency_ms": 0, "osdtype": "bluestore",
        "ceph_version": f"ceph version {VERSION}", "ceph_version_short": VERSION, "blfsdev": osd.device,
        "dbdev": osd.db_device or None, "waldev": osd.wal_device or None,
    }  # fmt: skip


@answers("GET", _ONE)
def index(call: Call) -> Any:
    _osd(call)
    return [{"name": "metadata"}, {"name": "lv-info"}]


@answers("GET", f"{_ONE}/metadata")
def metadata(call: Call) -> Any:
    number, osd = _osd(call)
    where = _cluster.address(call, osd.node)
    found = find_device(call.node.disks, osd.device)
    kind = found[0].kind if found else osd.device_class
    named = {"block": osd.device, "db": osd.db_device, "wal": osd.wal_device}
    devices = [
        {"device": what, "dev_node": path, "devices": path.removeprefix("/dev/"), "size": osd.size,
         "support_discard": int(kind != "hdd"), "type": kind}
        for what, path in named.items() if path
    ]  # fmt: skip
    addresses = {f"{net}_addr": f"[v2:{where}:68{number:02}/1]" for net in ("back", "front", "hb_back", "hb_front")}
    return {
        "osd": {
            "id": number, "hostname": osd.node, **addresses, "mem_usage": 800 * 1024**2, "pid": 2000 + number,
            "osd_data": f"/var/lib/ceph/osd/ceph-{number}", "osd_objectstore": "bluestore",
            "version": f"ceph version {VERSION}",
        },
        "devices": devices,
    }  # fmt: skip


@answers("GET", f"{_ONE}/lv-info")
def logical_volume(call: Call) -> Any:
    number, osd = _osd(call)
    kind = call.text("type", "block")
    path = {"block": osd.device, "db": osd.db_device, "wal": osd.wal_device}[kind]
    if not path:
        die(f"osd.{number} has no separate {kind} volume")
    group, volume = f"ceph-{call.cluster.ceph.conf['fsid'][:-2]}{number:02}", f"osd-{kind}-{number}"
    return {
        "creation_time": "2026-01-01 00:00:00 +0000", "lv_name": volume, "lv_path": f"/dev/{group}/{volume}",
        "lv_size": osd.size, "lv_uuid": f"Sim{number:03}-{kind}", "vg_name": group,
    }  # fmt: skip


def _register_switch(word: str, is_in: bool) -> None:
    @answers("POST", f"{_ONE}/{word}")
    def switch(call: Call) -> None:
        number, osd = _osd(call)
        osd.is_in = is_in
        _cluster.note(call, f"osd.{number} is marked {word}")


_register_switch("in", True)
_register_switch("out", False)


@answers("POST", f"{_ONE}/scrub")
def scrub(call: Call) -> None:
    number, _ = _osd(call)
    _cluster.note(call, f"osd.{number} {'deep-' if call.flag('deep') else ''}scrub starts")
