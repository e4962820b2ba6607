"""Where firewall objects stand: the cluster, a node, a guest or a virtual network; and one driver for all of them.

A place is the first part of an object's name: `cluster`, `node/pve1`, `guest/web` (or `guest/100`), `vnet/lab1`.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._difference import merge
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._guest_rows import fresh_rows
from proxmox_mpc.kinds._kind import Change, Key, Live, Need, Owned, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._rule_lines import references
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.kinds._view import View

CLUSTER = "/cluster/firewall"
_PLACE = re.compile(r"cluster|(node|guest|vnet)/([^/]+)")
# Not what PVE shows of a guest without a name (`VM 100`), nor what could be taken for a VMID.
_GUEST_NAME = re.compile(r"(?!\d+$)[A-Za-z0-9.-]+")
_PATHS = {
    "cluster": (CLUSTER,),
    "node": ("/nodes/{node}/firewall",),
    "guest": ("/nodes/{node}/qemu/{vmid}/firewall", "/nodes/{node}/lxc/{vmid}/firewall"),
    "vnet": ("/cluster/sdn/vnets/{vnet}/firewall",),
}


@dataclass(frozen=True)
class Place:
    """A firewall: its name, the path below which its objects are, and the variables of that path."""

    name: str
    path: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Its name where there is one only: guests have two, and keep their VMID."""
        return f"guest/{self.variables['vmid']}" if "vmid" in self.variables else self.name

    @property
    def lane(self) -> str:
        """Everything of a place stands in one file."""
        return f"file:{_names.fill(self.path, self.variables)}"


def split(name: str) -> tuple[str, str] | None:
    """An object's name as its place and its own name; None where it does not start with a place."""
    found = _PLACE.match(name)
    if found is None or name[found.end() : found.end() + 1] not in ("", "/"):
        return None
    return found[0], name[found.end() + 1 :]


async def places(view: View, *, kinds: Sequence[str]) -> list[Place]:
    """The firewalls that there are, of these kinds: cluster, node, guest, vnet."""
    found = [Place("cluster", CLUSTER)] if "cluster" in kinds else []
    if "node" in kinds:
        found += [_node(name) for name in await view.nodes()]
    if "guest" in kinds:
        rows = await view.rows("qemu", "lxc")
        names = Counter(str(row.get("name")) for row in rows)
        # By its name, as people do; where that means nobody or several, by VMID.
        alone = {name for name, count in names.items() if count == 1 and _GUEST_NAME.fullmatch(name)}
        found += [_guest(row, str(row["name"] if row.get("name") in alone else row["vmid"])) for row in rows]
    if "vnet" in kinds:
        rows = await view.once("vnets", lambda: view.pve.get("/cluster/sdn/vnets", {"running": 1}))
        found += [_vnet(row["vnet"]) for row in rows]
    return found


async def find(view: View, name: str) -> Place | None:
    """The firewall of that name, if there is one now. A guest that was just made is asked for on its node."""
    kind, _, own = name.partition("/")
    if kind == "cluster":
        return Place("cluster", CLUSTER)
    if kind == "node":
        return _node(own) if own in await view.nodes() else None
    if kind == "vnet":
        return next((place for place in await places(view, kinds=["vnet"]) if place.name == name), None)
    rows = _meant(await view.rows("qemu", "lxc"), own) or _meant(await fresh_rows(view), own)
    return _guest(rows[0], own) if len(rows) == 1 else None


def _meant(rows: Sequence[Mapping[str, Any]], own: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if own in (str(row["vmid"]), row.get("name"))]


def _node(name: str) -> Place:
    return Place(f"node/{name}", "/nodes/{node}/firewall", {"node": name})


def _guest(row: Mapping[str, Any], own: str) -> Place:
    where = {"node": row["node"], "vmid": int(row["vmid"])}
    return Place(f"guest/{own}", f"/nodes/{{node}}/{row['type']}/{{vmid}}/firewall", where)


def _vnet(name: str) -> Place:
    return Place(f"vnet/{name}", "/cluster/sdn/vnets/{vnet}/firewall", {"vnet": name})


def place_needs(resource: Resource) -> list[Need]:
    """The guest that a firewall belongs to, where it is made in the same go."""
    parts = split(resource.key.name)
    kind, _, own = parts[0].partition("/") if parts else ("", "", "")
    kinds = {"guest": "Guest", "vnet": "SDNVNet"}
    return [Need(Key(kinds[kind], "", own), "metadata.name")] if kind in kinds else []


def rule_needs(resource: Resource) -> list[Need]:
    """What the rules name, in their own place and in the cluster's."""
    lines = resource.fields.get("rules")
    place = (split(resource.key.name) or ("cluster", ""))[0]
    found = place_needs(resource)
    for name in sorted(references(lines)) if isinstance(lines, list) else ():
        for kind in ("SecurityGroup", "FirewallIPSet", "FirewallAlias"):
            found += [Need(Key(kind, "", f"{where}/{name}"), "rules") for where in {"cluster", place}]
    return found


class Part(Protocol):
    """One kind of object of a firewall: how it is found, read, written and removed. `own` is its name in its place."""

    @property
    def kinds(self) -> Sequence[str]:
        """Where it can stand: cluster, node, guest, vnet."""

    @property
    def is_always_there(self) -> bool:
        """Whether every place has exactly one, which has no name of its own."""

    @property
    def writes(self) -> Sequence[Write]:
        """The methods that configure it, below the path of its place."""

    async def names(self, view: View, place: Place) -> list[str]:
        """What there is in a place."""

    async def read(self, view: View, place: Place, own: str) -> dict[str, Any] | None:
        """The object as parameters, or None where it is not there."""

    async def make(self, run: Run, place: Place, own: str, params: Mapping[str, Any]) -> None: ...

    async def change(
        self, run: Run, place: Place, own: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None: ...

    async def remove(self, run: Run, place: Place, own: str, live: Live) -> None: ...


class FirewallDriver(Driver):
    """Reads and writes one kind of object in every firewall."""

    def __init__(self, kind: str, part: Part, schema: Callable[[], Schema]) -> None:
        self.kind = kind
        self.part = part
        self._schema = schema

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        names = sorted({r.key.name for r in wanted} | {item.key.name for item in owned})
        found = await asyncio.gather(*(self._named(view, name) for name in names))
        return [live for live in found if live is not None]

    async def _named(self, view: View, name: str) -> Live | None:
        parts = split(name)
        place = await find(view, parts[0]) if parts else None
        return await self._read(view, place, parts[1]) if place is not None and parts is not None else None

    async def rows(self, view: View) -> list[Live]:
        everywhere = await places(view, kinds=self.part.kinds)
        lists = await asyncio.gather(*(self.part.names(view, place) for place in everywhere))
        asked = [(place, own) for place, owns in zip(everywhere, lists, strict=True) for own in owns]
        found = await asyncio.gather(*(self._read(view, place, own) for place, own in asked))
        return [live for live in found if live is not None and (live.fields or not self.part.is_always_there)]

    async def _read(self, view: View, place: Place, own: str) -> Live | None:
        params = await self.part.read(view, place, own)
        if params is None:
            return None
        name = "/".join(filter(None, [place.name, own]))
        shown = {k: v for k, v in params.items() if k != "digest" and v not in ("", None, [])}
        fields = self._schema().decode(shown)
        digest = str(params.get("digest") or "")
        identity = {"place": place.identity, "name": own}
        return Live(Key(self.kind, "", name), identity, fields, params, None, digest, shown)

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        parts = split(resource.key.name)
        kind = parts[0].partition("/")[0] if parts else ""
        if parts is None or kind not in self.part.kinds or self.part.is_always_there is bool(parts[1]):
            suffix = "" if self.part.is_always_there else "/NAME"
            forms = {"cluster": "cluster", "node": "node/NODE", "guest": "guest/NAME", "vnet": "vnet/VNET"}
            known = " or ".join(forms[kind] + suffix for kind in self.part.kinds)
            raise resource.invalid("metadata.name", f"the name of a {self.kind} is {known}")
        planned = {key.name for key in view.planned}
        if await find(view, parts[0]) is None and parts[0].partition("/")[2] not in planned:
            message = f"there is no {parts[0].replace('/', ' ')}, or several have this name"
            raise resource.invalid("metadata.name", message, "guests can also be named by their VMID: guest/100")
        return resource

    async def create(self, run: Run, resource: Resource) -> Live:
        place, own = await self._place(run, resource)
        params = self._schema().encode(resource.fields)
        async with run.lane(place.lane):
            if self.part.is_always_there:
                # The guest was made in this very apply.
                live = await self._read(run.view, place, own)
                assert live is not None
                await self.part.change(run, place, own, self._schema().encode(live.fields), params)
            else:
                await self.part.make(run, place, own, params)
        return await self._reread(run, place, own)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        place, own = await self._place(run, resource)
        async with run.lane(place.lane):
            fresh = await self._reread(run, place, own)
            merged = merge(self._schema(), dict(fresh.fields), changes, resource.fields)
            before, after = self._schema().encode(fresh.fields), self._schema().encode(merged)
            if before != after:
                await self.part.change(run, place, own, before, after)
        return await self._reread(run, place, own)

    async def _place(self, run: Run, resource: Resource) -> tuple[Place, str]:
        parts = split(resource.key.name)
        place = await find(run.view, parts[0]) if parts else None
        if place is None or parts is None:
            raise resource.invalid("metadata.name", f"{resource.key.name.rpartition('/')[0]} is gone")
        return place, parts[1]

    async def _reread(self, run: Run, place: Place, own: str) -> Live:
        live = await self._read(run.view, place, own)
        assert live is not None, f"{place.name} {own} vanished"
        return live

    async def delete(self, run: Run, live: Live) -> None:
        place = await find(run.view, str(live.identity["place"]))
        if place is not None:
            async with run.lane(place.lane):
                await self.part.remove(run, place, str(live.identity["name"]), live)

    def node_of(self, name: str) -> str:
        kind, _, own = (split(name) or ("", ""))[0].partition("/")
        return own if kind == "node" else ""

    def writes(self) -> Sequence[Write]:
        paths = [path for kind in self.part.kinds for path in _PATHS[kind]]
        return [replace(write, path=f"{path}{write.path}") for path in paths for write in self.part.writes]
