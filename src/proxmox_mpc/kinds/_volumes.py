"""Volumes: how a disk or mount names one on the wire, and whether those that a manifest refers to exist."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.kinds._codec import bytes_of
from proxmox_mpc.kinds._kind import Live, Resource
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.kinds._view import View

GIB = 1 << 30


def read_volume(parts: dict[str, str]) -> dict[str, str]:
    """Wire parts → a disk's: what is attached is told apart into storage and volume, or is a path of the node."""
    rest = {name: text for name, text in parts.items() if name not in ("file", "volume")}
    volume = parts.get("file", parts.get("volume", ""))
    storage, colon, _ = volume.partition(":")
    if volume.startswith("/") or not colon:
        return {"path": volume, **rest}
    return {"storage": storage, "volume": volume, **rest}


def write_volume(parts: dict[str, str], key: str) -> dict[str, str]:
    """A disk's parts → wire parts, the volume under `key`; without one on that storage, PVE is told to allocate it."""
    rest = {name: text for name, text in parts.items() if name not in ("storage", "volume", "path")}
    storage, volume = parts.get("storage", ""), parts.get("volume", "")
    if path := parts.get("path"):
        return {key: path, **rest}
    if volume and volume.partition(":")[0] == (storage or volume.partition(":")[0]):
        rest.pop("import-from", None)
        return {key: volume, **rest}
    size = rest.pop("size", "")
    if "import-from" in rest or not size:
        # PVE takes the size from the source, or knows it by itself (EFI variables, TPM state).
        amount = "0" if "import-from" in rest else "1"
    else:
        amount = f"{bytes_of(size) / GIB:.6f}".rstrip("0").rstrip(".")
    return {key: f"{storage}:{amount}", **rest}


async def check_volumes(view: View, resource: Resource, live: Live | None, schema: Schema) -> None:
    """Every file that the spec names must exist on the guest's node. Raises InvalidInput with what is there."""
    planned = {key.name for key in view.planned if key.kind == "StorageFile"}
    for path, value in resource.fields.items():
        volume = str(value)
        storage, colon, file = volume.partition(":")
        leaf = schema.leaf(path)
        if leaf is None or "StorageFile" not in leaf.wire.refers or not colon:
            continue
        if live and (leaf.wire.hint or leaf.wire.create_only or live.fields.get(path) == value):
            continue  # steers creation only, or is so already
        if file.rpartition("/")[2] in planned or volume in planned:
            continue
        known = {
            row["volid"] for row in await storage_content(view, await _node(view, resource, live, storage), storage)
        }
        if volume not in known:
            alike = sorted(volid for volid in known if volid.split("/")[0] == volume.split("/")[0])
            hint = f"there: {', '.join(alike[:8])}" if alike else f"storage {storage} has nothing of that sort"
            raise resource.invalid(f"spec.{path}", f"there is no volume {volume!r}", hint)


async def _node(view: View, resource: Resource, live: Live | None, storage: str) -> str:
    node = live.identity["node"] if live else resource.fields.get("node")
    if node:
        return str(node)
    rows = [row["node"] for row in await view.rows("storage") if row["storage"] == storage]
    return str(sorted(rows)[0]) if rows else (await view.nodes())[0]


async def storage_content(view: View, node: str, storage: str) -> list[dict[str, Any]]:
    """All volumes of one storage as one node sees it, read once per command."""
    rows: list[dict[str, Any]] = await view.once(
        f"content/{node}/{storage}",
        lambda: view.pve.get("/nodes/{node}/storage/{storage}/content", {"node": node, "storage": storage}),
    )
    return rows
