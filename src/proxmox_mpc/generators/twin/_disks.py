"""Physical disks, and the volume groups, pools and directories that are built on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proxmox_mpc.generators.twin._reader import Reader, Row

_PATH = "/nodes/{node}/disks"


async def disks(reader: Reader, node: str, rows: Sequence[Row]) -> dict[str, Any]:
    """What a node's seed says of its disks; `rows` are those of /cluster/resources."""
    if (listed := await reader.get(f"{_PATH}/list", node=node, **{"include-partitions": 1})) is None:
        return {}
    definitions = {d["storage"]: d for d in await reader.rows("/storage")}
    used = {r["storage"]: int(r.get("disk") or 0) for r in rows if r["type"] == "storage" and r["node"] == node}
    thin = await reader.rows(f"{_PATH}/lvmthin", node=node)
    spaces = [*_groups(await reader.get(f"{_PATH}/lvm", node=node) or {}, thin, definitions, used)]
    spaces += [
        {"kind": "lvmthin", "name": p["lv"], "group": p["vg"], "size": p["lv_size"], "devices": []} for p in thin
    ]
    for pool in await reader.rows(f"{_PATH}/zfs", node=node):
        shown = await reader.get(f"{_PATH}/zfs/{{name}}", node=node, name=pool["name"]) or {}
        devices, level = [*_leaves(shown)], _level(shown)
        spaces.append({"kind": "zfs", "name": pool["name"], "devices": devices, "size": pool["size"], "level": level})
    sizes = {row["devpath"]: row["size"] for row in listed}
    for place in await reader.rows(f"{_PATH}/directory", node=node):
        name, device = place["path"].rpartition("/")[2], place["device"]
        spaces.append({"kind": "directory", "name": name, "devices": [device], "size": sizes.get(device, 0)})
    return {"disks": [_disk(row, listed) for row in listed if "parent" not in row], "spaces": spaces}


def _name(row: Row) -> str:
    return str(row["devpath"]).removeprefix("/dev/")


def _disk(row: Row, listed: Sequence[Row]) -> dict[str, Any]:
    parts = [part for part in listed if part.get("parent") == row["devpath"]]
    kept = {key: row[key] for key in ("model", "serial", "vendor", "wwn") if row.get(key)}
    return {
        "name": _name(row), "size": row["size"], "gpt": bool(row.get("gpt")), "kind": row.get("type") or "ssd", **kept,
        "label": "" if parts else row.get("used") or "",
        "osds": [int(number) for number in row.get("osdid-list") or []],
        "partitions": [{"name": _name(p), "size": p["size"], "label": p.get("used") or ""} for p in parts],
    }  # fmt: skip


def _groups(
    tree: Row, thin: Sequence[Row], definitions: Mapping[str, Row], used: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for group in tree.get("children") or ():
        name = group["name"]
        pools = sum(pool["lv_size"] for pool in thin if pool["vg"] == name)
        on_it = [s for s, d in definitions.items() if d["type"] == "lvm" and d.get("vgname") == name]
        # What neither thin pools nor storages hold is the operating system's.
        taken = group["size"] - group["free"] - pools - sum(used.get(storage, 0) for storage in on_it)
        devices = [part["name"] for part in group.get("children") or ()]
        yield {"kind": "lvm", "name": name, "devices": devices, "size": group["size"], "taken": max(0, taken)}


def _leaves(shown: Row) -> Iterator[str]:
    for child in shown.get("children") or ():
        if child.get("children"):
            yield from _leaves(child)
        else:
            yield child["name"]


def _level(shown: Row) -> str:
    """How redundant a pool is, by the name of what its disks are in."""
    (top, *_) = shown.get("children") or [{}]
    inner = [child["name"].rpartition("-")[0] for child in top.get("children") or () if child.get("children")]
    words = {"raidz1": "raidz", "draid1": "draid"}
    return "single" if not inner else "raid10" if len(inner) > 1 else words.get(inner[0], inner[0])
