"""What the disks of a node are, how they do, and what is built on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.disks import _devices
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.disks import Device, Disk, Space

_PATH = "/nodes/{node}/disks"
_RPM = {"hdd": 7200}
# A healthy disk's attributes: number, name, flags, threshold, raw value.
_ATTRIBUTES = (
    (5, "Reallocated_Sector_Ct", "PO--CK", 10, "0"),
    (9, "Power_On_Hours", "-O--CK", 0, "8760"),
    (12, "Power_Cycle_Count", "-O--CK", 0, "12"),
    (194, "Temperature_Celsius", "-O---K", 0, "31"),
    (197, "Current_Pending_Sector", "-O--C-", 0, "0"),
)


@answers("GET", f"{_PATH}/list")
def listing(call: Call) -> Any:
    wanted, with_partitions = call.text("type"), call.flag("include-partitions")
    rows: list[dict[str, Any]] = []
    for disk in call.node.disks:
        if wanted == "unused" and disk.is_used:
            continue
        if wanted == "journal_disks" and disk.is_used and not (disk.gpt and disk.osds):
            continue
        rows.append(_disk_row(call, disk, with_partitions))
        if with_partitions:
            rows += [_partition_row(call, disk, part) for part in disk.partitions]
    return rows


def _disk_row(call: Call, disk: Disk, with_partitions: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "devpath": disk.path, "type": disk.kind, "size": disk.size, "model": disk.model, "serial": disk.serial,
        "vendor": disk.vendor, "wwn": disk.wwn, "gpt": int(disk.gpt), "rpm": _RPM.get(disk.kind, 0), "mounted": 0,
        "by_id_link": f"/dev/disk/by-id/ata-{disk.model}_{disk.serial}",
        "wearout": "N/A" if disk.kind == "hdd" else 100, **_osds(disk),
    }  # fmt: skip
    if not call.flag("skipsmart"):
        row["health"] = "PASSED"
    # Without a list of the partitions, the first signature on them stands for all.
    used = disk.label or next((p.label for p in disk.partitions if p.label), "")
    if with_partitions and disk.partitions:
        used = "partitions"
    return {**row, "used": used} if used else row


def _osds(disk: Disk) -> dict[str, Any]:
    if not disk.osds:
        return {"osdid": -1, "osdid-list": []}
    return {"osdid": disk.osds[0], "osdid-list": list(disk.osds), "bluestore": 1}


def _partition_row(call: Call, disk: Disk, part: Device) -> dict[str, Any]:
    is_mounted = any(s.kind == "directory" and part.path in s.devices for s in call.node.spaces)
    row: dict[str, Any] = {
        "devpath": part.path, "parent": disk.path, "size": part.size, "type": "partition", "gpt": int(disk.gpt),
        "mounted": int(is_mounted), "osdid": -1, "osdid-list": [],
    }  # fmt: skip
    return {**row, "used": part.label} if part.label else row


@answers("GET", f"{_PATH}/smart")
def smart(call: Call) -> Any:
    disk, _ = _devices.device(call, call.text("disk"))
    if call.flag("healthonly"):
        return {"health": "PASSED"}
    if disk.kind == "nvme":
        text = "SMART/Health Information (NVMe Log 0x02)\nCritical Warning: 0x00\nTemperature: 31 Celsius\n"
        return {"health": "PASSED", "type": "text", "text": text}
    rows = [
        {
            "id": f"{number:3}", "name": name, "flags": flags, "value": 100, "normalized": 100, "worst": 100,
            "threshold": limit, "raw": raw, "fail": "-",
        }
        for number, name, flags, limit, raw in _ATTRIBUTES
    ]  # fmt: skip
    return {"health": "PASSED", "type": "ata", "attributes": rows}


def _spaces(call: Call, kind: str) -> Iterator[Space]:
    return (space for space in call.node.spaces if space.kind == kind)


def _group_free(call: Call, group: Space) -> int:
    """What no logical volume holds of a volume group."""
    thin = sum(s.size for s in _spaces(call, "lvmthin") if s.group == group.name)
    return max(0, group.size - group.taken - thin - _space.used_of(call.cluster, call.node, group))


@answers("GET", f"{_PATH}/lvm")
def volume_groups(call: Call) -> Any:
    groups = []
    for group in _spaces(call, "lvm"):
        free = _group_free(call, group)
        left, parts = free, []
        # Volumes are laid from the first device on, so that the last ones are free.
        for path in reversed(group.devices):
            size = _devices.device(call, path)[1].size
            parts.append({"name": path, "size": size, "free": min(left, size), "leaf": 1})
            left -= min(left, size)
        count = 2 * bool(group.taken) + sum(s.group == group.name for s in _spaces(call, "lvmthin"))
        groups.append(
            {"name": group.name, "size": group.size, "free": free, "lvcount": count, "leaf": 0,
             "children": parts[::-1]}
        )  # fmt: skip
    return {"leaf": 0, "children": groups}


@answers("GET", f"{_PATH}/lvmthin")
def thin_pools(call: Call) -> Any:
    rows = []
    for pool in _spaces(call, "lvmthin"):
        used = _space.used_of(call.cluster, call.node, pool)
        metadata = max(pool.size // 100, 1024**2)
        rows.append(
            {"lv": pool.name, "vg": pool.group, "lv_size": pool.size, "used": used, "metadata_size": metadata,
             "metadata_used": metadata * used // max(pool.size, 1)}
        )  # fmt: skip
    return rows


@answers("GET", f"{_PATH}/zfs")
def zfs_pools(call: Call) -> Any:
    rows = []
    for pool in _spaces(call, "zfs"):
        used = _space.used_of(call.cluster, call.node, pool)
        rows.append(
            {"name": pool.name, "size": pool.size, "alloc": used, "free": pool.size - used, "frag": 0, "dedup": 1,
             "health": "ONLINE"}
        )  # fmt: skip
    return rows


@answers("GET", f"{_PATH}/zfs/{{name}}")
def zfs_pool(call: Call) -> Any:
    name = call.text("name")
    pool = next((s for s in _spaces(call, "zfs") if s.name == name), None)
    if pool is None:
        die(f"cannot open '{name}': no such pool")
    fine = {"state": "ONLINE", "read": 0, "write": 0, "cksum": 0, "msg": ""}
    leaves: list[dict[str, Any]] = [{"name": path, "leaf": 1, **fine} for path in pool.devices]
    if pool.level == "raid10":
        pairs = [leaves[i : i + 2] for i in range(0, len(leaves), 2)]
        leaves = [{"name": f"mirror-{i}", "leaf": 0, **fine, "children": pair} for i, pair in enumerate(pairs)]
    elif pool.level not in ("", "single"):
        prefix = {"raidz": "raidz1", "draid": "draid1"}.get(pool.level, pool.level)
        leaves = [{"name": f"{prefix}-0", "leaf": 0, **fine, "children": leaves}]
    top = [{"name": name, "leaf": 0, **fine, "children": leaves}]
    return {
        "name": name, "state": "ONLINE", "errors": "No known data errors", "scan": "none requested", "leaf": 0,
        "children": top,
    }  # fmt: skip


@answers("GET", f"{_PATH}/directory")
def directories(call: Call) -> Any:
    rows = []
    for space in _spaces(call, "directory"):
        device = _devices.device(call, space.devices[0])[1]
        rows.append(
            {"path": space.mount_point, "device": space.devices[0], "type": device.label, "options": "defaults",
             "unitfile": f"/etc/systemd/system/mnt-pve-{space.name}.mount"}
        )  # fmt: skip
    return rows
