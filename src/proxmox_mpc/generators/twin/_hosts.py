"""Nodes, storages and what lies on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.generators.twin import _disks, _secrets, _text
from proxmox_mpc.generators.twin._reader import Reader, Row

# An interface's name stands before it; lines that PVE passes on unread may hold keys of wireless networks and tunnels.
_NO_SETTINGS = frozenset({"iface", "options", "options6"})


async def nodes(reader: Reader, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Every node with its size, interfaces, devices and disks. A node that is down is down in the twin too."""
    addresses = {row["name"]: row.get("ip") for row in await reader.rows("/cluster/status") if row["type"] == "node"}

    async def one(row: Row) -> dict[str, Any]:
        name = row["node"]
        online = row.get("status") == "online"
        found: dict[str, Any] = {"name": name, "online": online}
        if addresses.get(name):
            found["address"] = addresses[name]
        shown = {"cpus": "maxcpu", "memory": "maxmem", "disk": "maxdisk", "used": "disk", "uptime": "uptime"}
        sizes = {key: row.get(column) for key, column in shown.items()}
        found |= {key: int(size) for key, size in sizes.items() if size}
        if online:
            interfaces = await reader.rows("/nodes/{node}/network", node=name)
            found["interfaces"] = {
                i["iface"]: {k: v for k, v in i.items() if k not in _NO_SETTINGS} for i in interfaces
            }
            # An empty class list leaves out nothing: bridges and processors too.
            found["devices"] = await reader.rows("/nodes/{node}/hardware/pci", node=name)
            found["usb"] = await reader.rows("/nodes/{node}/hardware/usb", node=name)
            found |= await _disks.disks(reader, name, rows)
        return found

    return await reader.each("nodes", sorted((r for r in rows if r["type"] == "node"), key=lambda r: r["node"]), one)


def _places(rows: Sequence[Row]) -> list[Row]:
    """The storages that can be asked, a shared one on one node only."""
    found: dict[tuple[str, str], Row] = {}
    for row in sorted((r for r in rows if r["type"] == "storage"), key=lambda r: (r["storage"], r["node"])):
        if row.get("status") == "available":
            found.setdefault((row["storage"], "" if row.get("shared") else row["node"]), row)
    return list(found.values())


async def storages(reader: Reader, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The definitions with the sizes of today, by node."""
    sizes: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        if row["type"] == "storage" and row.get("maxdisk"):
            space = {"total": int(row["maxdisk"]), "used": int(row.get("disk") or 0)}
            sizes.setdefault(row["storage"], {})[row["node"]] = space
    found = []
    for row in await reader.rows("/storage"):
        plain = {k: v for k, v in row.items() if k != "digest" and not _secrets.is_secret(k)}
        definition = {k: _secrets.blank(k, _joined(_text.of(k, v))) for k, v in plain.items()}
        found.append({**definition, **({"sizes": sizes[row["storage"]]} if row["storage"] in sizes else {})})
    return found


def _joined(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


async def files(reader: Reader, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What the storages hold, as far as they can list it: sizes, notes, protection; never a byte of it."""

    async def one(row: Row) -> list[dict[str, Any]]:
        node, storage = row["node"], row["storage"]
        kept = ("volid", "size", "used", "ctime", "notes", "protected", "parent", "format")
        volumes = await reader.rows("/nodes/{node}/storage/{storage}/content", node=node, storage=storage)
        place = {} if row.get("shared") else {"node": node}
        return [{**{k: v[k] for k in kept if v.get(k) is not None}, **place} for v in volumes]

    return [volume for volumes in await reader.each("storages", _places(rows), one) for volume in volumes]
