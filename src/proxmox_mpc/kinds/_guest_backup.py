"""Backups of guests: taken one by one, found again on the storages, and restored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds._guest_requests import pool, reread
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver


@dataclass(frozen=True)
class Archive:
    """A backup: what it is called, of which guest, of which type (qemu, lxc), since when, and where it can be read.

    One that is protected stays, whatever a retention says.
    """

    volid: str
    vmid: int
    type: str
    taken: int
    nodes: tuple[str, ...]
    notes: str = ""
    protected: bool = False


def places(rows: list[dict[str, Any]], node: str) -> list[str]:
    """Storages on which a node can keep backups, from the rows of /cluster/resources."""
    kept = (row for row in rows if row.get("type") == "storage" and row["node"] == node)
    return sorted(str(row["storage"]) for row in kept if "backup" in str(row.get("content", "")).split(","))


async def archives(view: View, storage: str = "") -> list[Archive]:
    """All backups that can be seen, or those of one storage; a shared one is asked on one node."""
    online, shared = await view.nodes(), await view.storages()
    rows, asked = await view.resources(), dict[tuple[str, str], list[str]]()
    for node in online:
        for name in places(rows, node):
            if storage in ("", name):
                is_shared = bool(shared.get(name, {}).get("shared"))
                asked.setdefault((name, "" if is_shared else node), []).append(node)

    async def of(name: str, nodes: list[str]) -> list[Archive]:
        where = {"node": nodes[0], "storage": name, "content": "backup"}
        found = await view.pve.get("/nodes/{node}/storage/{storage}/content", where)
        return [_archive(row, tuple(nodes)) for row in found if row.get("vmid")]

    lists = await asyncio.gather(*(of(name, nodes) for (name, _), nodes in asked.items()))
    return sorted((one for found in lists for one in found), key=lambda one: (one.taken, one.volid))


def _archive(row: Mapping[str, Any], nodes: tuple[str, ...]) -> Archive:
    volid = str(row["volid"])
    # Old versions name no subtype; the file's name tells: vzdump-lxc-…, and backup/ct/… on Proxmox Backup Server.
    is_container = "vzdump-lxc-" in volid or "backup/ct/" in volid or "vzdump-openvz-" in volid
    kind = str(row.get("subtype") or ("lxc" if is_container else "qemu"))
    notes, protected = str(row.get("notes", "")), bool(row.get("protected"))
    return Archive(volid, int(row["vmid"]), kind, int(row.get("ctime", 0)), nodes, notes, protected)


async def name_in(guest: GuestDriver, view: View, archive: Archive) -> str:
    """What the guest was called when it was backed up, as its configuration in the backup says; empty for no name."""
    where = {"node": archive.nodes[0], "volume": archive.volid}
    text: str = await view.pve.get("/nodes/{node}/vzdump/extractconfig", where)
    own = text.partition("\n[")[0]  # snapshots follow, each with the name of its time
    said = (line.partition(": ") for line in own.splitlines())
    return next((value.strip() for key, _, value in said if key == guest.api.name_key), "")


async def back_up(guest: GuestDriver, run: Run, live: Live, storage: str, options: Mapping[str, Any]) -> str:
    """Back one guest up, and wait for it; the backup's name."""
    node, vmid = str(live.identity["node"]), int(live.identity["vmid"])
    params = {"node": node, "vmid": str(vmid), "storage": storage, **options}
    async with run.lane(f"node:{node}", f"storage:{storage}"):
        await run.call("POST", "/nodes/{node}/vzdump", params, title=f"back {vmid} up to {storage}")
    mine = [one for one in await archives(run.view, storage) if one.vmid == vmid and node in one.nodes]
    return mine[-1].volid if mine else ""


async def restore(
    guest: GuestDriver, run: Run, archive: Archive, vmid: int, node: str, *, over: bool, options: Mapping[str, Any]
) -> Live:
    """Make a guest of a backup, or put it in the place of the one that has this VMID."""
    source = {"archive": archive.volid} if guest.api.type == "qemu" else {"ostemplate": archive.volid, "restore": True}
    params = {"node": node, "vmid": vmid, **source, **({"force": True} if over else {}), **options}
    makes = None if over else {"vmid": vmid, "node": node}
    async with run.lane(f"node:{node}", *([f"storage:{options['storage']}"] if "storage" in options else [])):
        title = f"restore {vmid} from {archive.volid}"
        await run.call("POST", f"/nodes/{{node}}/{guest.api.type}", params, title=title, makes=makes)
    return await reread(guest, run, node, vmid)


def named(guest: GuestDriver, name: str, namespace: str) -> dict[str, str]:
    """The parameters by which a restored guest gets a name and a namespace of its own."""
    return {**({guest.api.name_key: name} if name else {}), **(pool(namespace) if namespace else {})}
