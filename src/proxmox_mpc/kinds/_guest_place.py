"""The node for a guest: what it needs is read off its fields, what nodes have off the cluster, once per command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds import _cordon, _guest_bridges, _guest_ha, _ha_rules
from proxmox_mpc.kinds._codec import Fields, Value, parts_of
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, Key, Live, Resource
from proxmox_mpc.kinds._placement import Choice, NoPlace, Placement, Wish, candidates, choose
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

MAPPINGS = {
    "PCIMapping": "/cluster/mapping/pci",
    "USBMapping": "/cluster/mapping/usb",
    "DirectoryMapping": "/cluster/mapping/dir",
}
# Storages whose volumes take their whole size when they are made: zfspool does so unless it is `sparse` (8.4, 9.1).
_THICK = frozenset({"lvm", "zfspool"})

Promised = dict[str, list[Wish]]
"""By node, the guests that are planned there and not there yet."""


async def place(
    guest: GuestDriver,
    view: View,
    resource: Resource,
    origin: Fields,
    source: Mapping[str, Any] | None,
    among: Sequence[str] | None = None,
) -> Choice:
    """Where a new guest goes, seeing those that were placed before it; `origin` is what its template has.

    Raises NoPlace.
    """
    promised: Promised = await view.once("promised", _empty)
    origin = _as_cloned(guest, resource, origin)
    fields = {**origin, **resource.fields}
    node = resource.fields.get("node")
    has = await _guest_bridges.wished(guest, view, fields)
    wish = Wish(
        name=str(resource.key),
        memory_mib=_number(fields, "memory", 512),
        storages=storages_of(fields) - {key.name for key in view.planned if key.kind == "Storage"},
        bridges=has[0],
        tags=_tags(resource.fields),
        placement=resource.spec.placement or Placement(),  # type: ignore[attr-defined]
        set=str(resource.member.set) if resource.member else "",
        spread=resource.member.spread if resource.member else "",
        siblings=await _siblings(view, resource, promised),
        cores=_cores(guest, fields),
        room=_room({p: v for p, v in fields.items() if not (_is_linked(resource) and p in origin)}, fields),
        barred=await _barred(guest, view, resource, fields, source) if node is None else {},
    )
    chosen = await _chosen(view, wish, promised, has[1], among) if node is None else Choice(str(node), "")
    promised.setdefault(chosen.node, []).append(wish)
    return chosen


async def at_home(guest: GuestDriver, view: View, resource: Resource, live: Live) -> Resource:
    """A guest whose creation was cut off; where it stands it may only have been made, such as beside its template.

    It is wished to another node, where it must not stay: placement acts at creation, and this one has not ended.
    """
    here = str(live.identity["node"])
    try:
        await place(guest, view, resource, live.fields, None, among=[here])
    except NoPlace:
        chosen = await place(guest, view, resource, live.fields, None)
        return replace(resource, fields={**resource.fields, "node": chosen.node})
    return resource


async def elsewhere(
    guest: GuestDriver,
    view: View,
    live: Live,
    promised: Promised,
    *,
    among: Collection[str] | None = None,
    declared: Mapping[str, Value] | None = None,
    where: Mapping[str, str] | None = None,
) -> Choice:
    """Where a guest can move to, seeing those that were placed before it; only `among` these nodes, if any are named.

    `declared` is what its application says of it, `where` the guests under HA that are on their way. Raises NoPlace.
    """
    fields, here = live.fields, str(live.identity["node"])
    bridges, has = await _guest_bridges.wished(guest, view, {p: v for p, v in fields.items() if p != "node"})
    shared = await _shared(view)
    local = {path: value for path, value in fields.items() if fields.get(_storage_of(path)) not in shared}
    nodes = [node for node in await view.nodes() if node != here]
    barred = {
        node: "is not among the nodes that it may go to" for node in nodes if among is not None and node not in among
    }
    wish = Wish(
        name=str(live.key),
        memory_mib=_number(fields, "memory", 512),
        storages=storages_of(fields),
        bridges=bridges,
        tags=_tags(fields),
        placement=_placement(declared or {}),
        cores=_cores(guest, fields),
        room=_room(local, fields),
        barred={
            **await _without_mappings(guest, view, fields, nodes),
            **await _ha_rules.barred(view, _sid(guest, live.identity["vmid"]), nodes, where),
            **await _cordon.closed(view, nodes),
            **barred,
        },
    )
    try:
        chosen = await _chosen(view, wish, promised, has, nodes)
    except NoPlace as error:
        raise NoPlace(error.message, hint="free one of these, or stop, move or change the guest by hand") from None
    promised.setdefault(chosen.node, []).append(wish)
    return chosen


async def _chosen(
    view: View,
    wish: Wish,
    promised: Promised,
    bridges: Mapping[str, frozenset[str]],
    among: Sequence[str] | None = None,
) -> Choice:
    thick = await _thick(view) if wish.room else frozenset()
    nodes = candidates(await view.resources(), promised, bridges, thick)
    return choose(wish, [node for node in nodes if among is None or node.node in among])


async def _thick(view: View) -> frozenset[str]:
    storages = (await view.storages()).items()
    return frozenset(name for name, row in storages if row.get("type") in _THICK and not row.get("sparse"))


async def _barred(
    guest: GuestDriver, view: View, resource: Resource, fields: Fields, source: Mapping[str, Any] | None
) -> dict[str, str]:
    """The nodes that cannot have a new guest for what only its kind knows."""
    nodes, vmid = await view.nodes(), resource.fields.get("vmid")
    found = await _without_mappings(guest, view, fields, nodes)
    if vmid is not None:
        found |= await _ha_rules.barred(view, _sid(guest, vmid), nodes)
    home = _home(source) if source is not None and _is_linked(resource) else None
    if home is not None and not storages_of(fields) <= await _shared(view):
        why = f"is not where its template is ({home}): a linked clone shares its disk"
        found |= {node: why for node in nodes if node != home}
    return found | await _cordon.closed(view, nodes)


async def _shared(view: View) -> set[str]:
    """The storages that every node sees alike."""
    return {name for name, row in (await view.storages()).items() if row.get("shared")}


def _home(source: Mapping[str, Any]) -> Any:
    """The node of a template, also of one that is made in the same go."""
    return source["node"] if "node" in source else source["coming"].choices.get("node")


def _is_linked(resource: Resource) -> bool:
    return resource.fields.get("clone") == "linked"


def _as_cloned(guest: GuestDriver, resource: Resource, origin: Fields) -> Fields:
    """What a clone has of its template: with its boot disk, the other disks go to another storage, too."""
    home = guest.api.disk_lists[0]
    boot = f"{home}.{guest.api.boot_slot(origin)}.storage"
    storage = resource.fields.get(boot)
    if storage is None or storage == origin.get(boot) or _is_linked(resource):
        return origin
    moved = {path: storage for path in origin if path.startswith(f"{home}.") and path.endswith(".storage")}
    return {**origin, **moved}


async def _without_mappings(
    guest: GuestDriver, view: View, fields: Mapping[str, Value], nodes: Iterable[str]
) -> dict[str, str]:
    """Those of the nodes that lack a device or directory of which a guest wants one by its mapping's name."""
    found: dict[str, str] = {}
    for key in sorted({key for path, value in fields.items() if (key := mapping(guest, path, value))}):
        having = await _mapped(view, key)
        found = {node: f"has nothing for {key}" for node in nodes if node not in having} | found
    return found


def mapping(guest: GuestDriver, path: str, value: Value) -> Key | None:
    """The mapping that a field names, if it does."""
    leaf = guest.schema.leaf(path)
    kind = next((kind for kind in leaf.wire.refers if kind in MAPPINGS), None) if leaf is not None else None
    return Key(kind, "", str(value)) if kind is not None else None


async def mappings(view: View, kind: str) -> list[dict[str, Any]]:
    """All mappings of a kind that this login may use."""
    rows: list[dict[str, Any]] = await view.once(MAPPINGS[kind], partial(view.pve.get, MAPPINGS[kind]))
    return rows


async def _mapped(view: View, key: Key) -> set[str]:
    """The nodes for which a mapping names something, by its manifest where it has one."""
    declared = view.wanted.get(key)
    entries = [value for value in declared.fields.values() if isinstance(value, list)] if declared else []
    if declared is None:
        entries = [row.get("map") or [] for row in await mappings(view, key.kind) if row["id"] == key.name]
    return {parts_of(str(entry)).get("node", "") for listed in entries for entry in listed}


def _sid(guest: GuestDriver, vmid: object) -> str:
    return _guest_ha.holder("VirtualMachine" if guest.api.type == "qemu" else "Container", vmid).name


def _number(fields: Mapping[str, Value], path: str, default: int) -> int:
    value = fields.get(path, default)
    return int(value) if isinstance(value, int | float) else default


def _cores(guest: GuestDriver, fields: Mapping[str, Value]) -> int:
    """CPUs that a node must have: PVE starts no VM with more; a container shares those that there are."""
    return _number(fields, "cpu.cores", 1) * _number(fields, "cpu.sockets", 1) if guest.api.type == "qemu" else 0


def _tags(fields: Mapping[str, Value]) -> frozenset[str]:
    tags = fields.get("tags", [])
    return frozenset(map(str, tags)) if isinstance(tags, list) else frozenset()


def _storage_of(path: str) -> str:
    """The field that says on which storage the volume of a field is."""
    return f"{path.rpartition('.')[0]}.storage"


def storages_of(fields: Mapping[str, Value]) -> frozenset[str]:
    """The storages that a guest's volumes are on."""
    return frozenset(str(value) for path, value in fields.items() if path.endswith(".storage"))


def _room(fields: Mapping[str, Value], all_fields: Mapping[str, Value]) -> dict[str, int]:
    """The bytes that volumes take, by storage."""
    room: Counter[str] = Counter()
    for path, size in fields.items():
        storage = all_fields.get(_storage_of(path))
        if path.endswith(".size") and isinstance(size, int) and storage is not None:
            room[str(storage)] += size
    return dict(room)


def _placement(declared: Mapping[str, Value]) -> Placement:
    """How a guest's manifest said that it is placed."""
    head = "placement."
    return Placement.model_validate({p.removeprefix(head): v for p, v in declared.items() if p.startswith(head)})


async def _siblings(view: View, resource: Resource, promised: Mapping[str, Sequence[Wish]]) -> Counter[str]:
    """How many others of the resource's set there are on each node, those that are planned included."""
    member, pool = resource.member, resource.key.namespace
    if member is None:
        return Counter()
    there = (
        row["node"]
        for row in await view.rows("qemu", "lxc")
        if row.get("name") in member.names - {resource.key.name} and (row.get("pool") or DEFAULT_NAMESPACE) == pool
    )
    coming = (node for node, wishes in promised.items() for wish in wishes if wish.set == str(member.set))
    return Counter([*there, *coming])


async def _empty() -> Promised:
    return {}
