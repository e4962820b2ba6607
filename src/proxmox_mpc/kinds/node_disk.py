"""NodeDisk: what is built on a node's own disks: a directory, a volume group, a thin pool, a ZFS pool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Annotated, Any, Literal

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Collection, Scope
from proxmox_mpc.kinds._field import Impact, NameList, OnOff, Part, field, group
from proxmox_mpc.kinds._guest_columns import memory
from proxmox_mpc.kinds._kind import Column, Key, Live, Resource
from proxmox_mpc.kinds._regular import CollectionDriver, regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

TYPES = ("directory", "lvm", "lvmthin", "zfs")
_PATH, _ITEM = "/nodes/{node}/disks/{type}", "/nodes/{node}/disks/{type}/{name}"
# What PVE's installer calls its own volume group and pool.
_INSTALLED = ("pve", "rpool")
# How ZFS calls the parts of a pool, where it is not the level itself.
_LEVELS = {"raidz1": "raidz", "draid1": "draid"}


class Draid(Part):
    """How a dRAID spreads its data."""

    data: int = field(part="data", ge=1, create_only=True, help="Devices with data per group.")
    spares: int = field(part="spares", ge=0, create_only=True, help="Devices in reserve.")


class NodeDiskSpec(Part):
    """Something on a node's disks. Its name is NODE/NAME. Disks that are in use are never taken."""

    type: Literal["directory", "lvm", "lvmthin", "zfs"] = field("type", create_only=True, help="What is built.")
    device: str | None = field("device", create_only=True, help="The disk or partition, such as /dev/sdb (not zfs).")
    devices: NameList | None = field("devices", create_only=True, help="The disks (zfs).")
    filesystem: Literal["ext4", "xfs"] | None = field(
        "filesystem", default="ext4", create_only=True, help="File system (directory)."
    )
    raidlevel: (
        Literal["single", "mirror", "raid10", "raidz", "raidz2", "raidz3", "draid", "draid2", "draid3"] | None
    ) = field("raidlevel", create_only=True, help="How the disks stand in for each other (zfs).")
    ashift: int | None = field(
        "ashift", default=12, ge=9, le=16, create_only=True, help="Sector size as a power of two (zfs)."
    )
    compression: Annotated[Literal["on", "off", "gzip", "lz4", "lzjb", "zle", "zstd"], OnOff] | None = field(
        "compression", default="on", create_only=True, help="Compression (zfs)."
    )
    draid: Draid | None = group("draid-config", help="Layout (zfs, draid…).")
    add_storage: bool | None = field(
        "add_storage",
        hint=True,
        default=False,
        help="Make a storage of it, which goes with it, if applied so.",
    )
    wipe: bool | None = field(
        hint=True,
        default=False,
        help="Wipe the disks at its deletion, if applied so.",
    )


class DiskDriver(CollectionDriver):
    """Each type has a list of its own form; nothing can be changed once it is there."""

    async def _list(self, view: View, scope: Scope) -> list[dict[str, Any]]:
        return await _READERS[scope["type"]](view, scope["node"])

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        resource = await super().complete(view, resource, live, applied)
        if live is None:
            await _check_free(view, resource, _devices(resource))
            return resource
        before = {**(applied or {}), "type": live.fields["type"]}
        for path, value in resource.fields.items():
            leaf = self._schema().leaf(path)
            if leaf is not None and leaf.wire.create_only and before.get(path, value) != value:
                hint = "give the new one another name; or delete this one first, if its data may go"
                raise resource.invalid(f"spec.{path}", "cannot be changed once it is built", hint)
        return resource

    async def delete(self, run: Run, live: Live) -> None:
        flags = {"cleanup-config": run.applied.get("addStorage"), "cleanup-disks": run.applied.get("wipe")}
        params = {"node": live.identity["node"], "name": live.key.name.partition("/")[2]}
        params |= {name: bool(on) for name, on in flags.items()}
        group = {"volume-group": live.facts["vg"]} if "vg" in live.facts else {}
        async with run.lane(self._lane(live.identity)):
            title, path = f"delete {live.key.name}", self._at(_ITEM, live.identity)
            await run.call("DELETE", path, {**params, **group}, title=title)
            if not group:
                return
            # The group that was made with the pool stays, unless the disk was wiped (9.1).
            where = {"node": params["node"], "type": "lvm"}
            run.view.forget(_names.fill(_PATH, where))
            left = (await _groups(run.view, params["node"])).get(live.facts["vg"], {})
            if live.facts["vg"] == params["name"] and left.get("lvcount") == 0:
                await run.call("DELETE", self._at(_ITEM, where), params, title=f"{title}'s volume group")


def _is_ours(group: str) -> bool:
    """Not what the installer and Ceph made."""
    return group not in _INSTALLED and not group.startswith("ceph-")


def _devices(resource: Resource) -> list[str]:
    named = [resource.fields.get("device"), *(resource.fields.get("devices") or ())]  # type: ignore[misc]
    if not (found := [str(device) for device in named if device]):
        raise resource.invalid("spec", "nothing says on which disk", "write spec.device, or spec.devices for zfs")
    return found


async def _check_free(view: View, resource: Resource, devices: Sequence[str]) -> None:
    """What is to be built on must exist, and hold nothing."""
    node = resource.key.name.partition("/")[0]
    params = {"node": node, "include-partitions": "1", "skipsmart": "1"}
    rows = await view.once(f"disks/{node}", partial(view.pve.get, "/nodes/{node}/disks/list", params))
    used = {path: row.get("used") for row in rows for path in (row["devpath"], row.get("by_id_link")) if path}
    free = ", ".join(row["devpath"] for row in rows if not row.get("used") and "parent" not in row) or "none"
    where = "spec.devices" if "devices" in resource.fields else "spec.device"
    for device in devices:
        if device not in used:
            raise resource.invalid(where, f"{node} has no disk {device}", f"unused ones: {free}")
        if used[device]:
            hint = f"unused ones: {free}. If what is on it may go: the node → Disks → Wipe Disk"
            raise resource.invalid(where, f"{device} of {node} is in use ({used[device]})", hint)


async def _read(view: View, node: str, word: str) -> Any:
    path = _PATH.replace("{type}", word)
    return await view.once(_names.fill(path, {"node": node}), partial(view.pve.get, path, {"node": node}))


async def _groups(view: View, node: str) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row for row in (await _read(view, node, "lvm")).get("children", ())}


def _of_group(row: Mapping[str, Any]) -> dict[str, Any]:
    devices = [part["name"] for part in row.get("children", ())]
    return {"device": devices[0]} if len(devices) == 1 else {}


async def _directories(view: View, node: str) -> list[dict[str, Any]]:
    rows = await _read(view, node, "directory")
    return [
        {"name": row["path"].rpartition("/")[2], "device": row["device"], "filesystem": row["type"]} for row in rows
    ]


async def _volume_groups(view: View, node: str) -> list[dict[str, Any]]:
    """Those that are no more than the place of a thin pool are not among them."""
    thin = {row["vg"] for row in await _read(view, node, "lvmthin") if row["vg"] == row["lv"]}
    groups = await _groups(view, node)
    return [
        {"name": name, **_of_group(row), "size": row["size"]}
        for name, row in groups.items()
        if name not in thin and _is_ours(name)
    ]


async def _thin_pools(view: View, node: str) -> list[dict[str, Any]]:
    """Those that PVE makes: group and pool have one name. `pve/data` of the installer is not to be had as `data`."""
    groups = await _groups(view, node)
    return [
        {"name": row["lv"], **_of_group(groups.get(row["vg"], {})), "vg": row["vg"], "size": row["lv_size"]}
        for row in await _read(view, node, "lvmthin")
        if row["vg"] == row["lv"] and _is_ours(row["vg"])
    ]


async def _zfs_pools(view: View, node: str) -> list[dict[str, Any]]:
    found = []
    for row in (row for row in await _read(view, node, "zfs") if _is_ours(row["name"])):
        tree = await view.pve.get("/nodes/{node}/disks/zfs/{name}", {"node": node, "name": row["name"]})
        parts = tree["children"][0].get("children", ()) if tree["children"] else ()
        devices = list(chain.from_iterable(_leaves(part) for part in parts))
        # A dRAID's name goes on with its layout: `draid1:2d:5c:1s-0`.
        level = re.split("[-:]", str(parts[0]["name"]))[0] if parts and parts[0].get("children") else "single"
        level = "raid10" if level == "mirror" and len(parts) > 1 else _LEVELS.get(level, level)
        found.append({"name": row["name"], "devices": devices, "raidlevel": level, "size": row["size"]})
    return found


def _leaves(part: Mapping[str, Any]) -> Iterator[str]:
    if not part.get("children"):
        yield str(part["name"])
    for child in part.get("children", ()):
        yield from _leaves(child)


_READERS = {"directory": _directories, "lvm": _volume_groups, "lvmthin": _thin_pools, "zfs": _zfs_pools}


async def _scopes(view: View) -> Sequence[Scope]:
    return [{"node": node, "type": word} for node in await view.nodes() for word in TYPES]


KIND = regular(
    "NodeDisk",
    "nodedisks",
    ("disk", "disks"),
    NodeDiskSpec,
    Collection(_PATH, _ITEM, "name", name="{node}/{name}", by_field={"type": "type"}, scopes=_scopes),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column("SIZE", lambda live: memory(live.facts.get("size")), right=True),
        Column("ON", lambda live: live.fields.get("device") or ",".join(map(str, live.fields.get("devices") or ()))),  # type: ignore[arg-type]
    ),
    driver=DiskDriver,
    deletion=Impact.DATA_LOSS,
    provides=lambda resource: (
        resource.key,
        *([Key("Storage", "", resource.key.name.partition("/")[2])] if resource.fields.get("addStorage") else []),
    ),
    ignored=frozenset({"size", "vg"}),
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: NodeDisk
metadata: { name: pve1/tank }
spec: { type: zfs, devices: [/dev/sdb, /dev/sdc], raidlevel: mirror, addStorage: true }
""",
)
