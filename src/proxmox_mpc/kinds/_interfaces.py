"""Interfaces of nodes wait in a file of their own until it is applied: how they are read and written, and the stage."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from proxmox_mpc.kinds import _blast
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Collection, Row, Scope, each_node
from proxmox_mpc.kinds._field import Part, Prose, field
from proxmox_mpc.kinds._kind import Change, Hit, Key, Live, Mistake, Need, Resource
from proxmox_mpc.kinds._regular import CollectionDriver
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._stage import Stage
from proxmox_mpc.kinds._view import View

_PATH = "/nodes/{node}/network"
# Which kind declares an interface, by the type that the API shows.
KINDS = {"bridge": "Bridge", "OVSBridge": "Bridge", "bond": "Bond", "OVSBond": "Bond", "vlan": "VLAN"}
KINDS |= dict.fromkeys(("eth", "alias", "OVSPort", "OVSIntPort"), "NetworkInterface")
# Fields by which an interface names others of its node.
_NAMES = ("ports", "ovsPorts", "slaves", "ovsBonds", "device", "ovsBridge")
# The same in the API's rows.
_PORTS = ("bridge_ports", "slaves", "ovs_ports", "ovs_bonds")
# They name their Open vSwitch bridge, and PVE enters them there (POST and PUT, 8.4 and 9.1).
_JOINS = frozenset({"OVSBond", "OVSIntPort"})
_JOINED = "joined"
CARDS = frozenset({"eth", "OVSPort"})
# What the API computes of an interface, or says about it.
IGNORED = frozenset(
    "address address6 netmask netmask6 method method6 families active exists priority options options6 altnames"
    " bridge_stp bridge_fd bond_miimon bridge-access bridge-learning bridge-arp-nd-suppress bridge-unicast-flood"
    " bridge-multicast-flood uplink-id vxlan-id vlan-protocol link-type digest joined".split()
)
_STANZA = re.compile(r"^[ +-](?:auto|iface|allow-\S+)\s+(\S+)")


class Addresses(Part):
    """What every interface can have."""

    autostart: bool | None = field("autostart", default=False, help="Bring it up with the node.")
    cidr: str | None = field("cidr", help="IPv4 address with its prefix, such as 10.0.0.11/24.")
    gateway: str | None = field("gateway", help="IPv4 default gateway; one interface of a node has it.")
    cidr6: str | None = field("cidr6", help="IPv6 address with its prefix.")
    gateway6: str | None = field("gateway6", help="IPv6 default gateway.")
    mtu: int | None = field("mtu", ge=1280, le=65520, help="Largest packet.")
    comment: Prose | None = field("comments", help="A remark in the file.")


class InterfaceDriver(CollectionDriver):
    """Reads and writes interfaces, which name each other."""

    async def _list(self, view: View, scope: Scope) -> list[dict[str, Any]]:
        """An Open vSwitch bridge, without the ports that name it themselves: those are `joined`."""
        rows = await super()._list(view, scope)
        joins = {str(row["iface"]) for row in rows if row.get("type") in _JOINS}
        found = []
        for row in rows:
            ports = str(row.get("ovs_ports") or "").split()
            own, joined = ([p for p in ports if (p in joins) is told] for told in (False, True))
            found.append({**row, "ovs_ports": " ".join(own), _JOINED: " ".join(joined)} if joined else row)
        return found

    def sent(self, live: Live, params: dict[str, Any]) -> dict[str, Any]:
        joined = str(live.facts.get(_JOINED) or "").split()
        ports = [*str(params.get("ovs_ports") or "").split(), *joined]
        # What is not sent stays; but where others go, those that joined stay, too.
        gone = [name for name in params.get("delete", ()) if not (name == "ovs_ports" and joined)]
        rest = {name: value for name, value in params.items() if name != "delete"}
        return {**rest, **({"ovs_ports": " ".join(ports)} if joined else {}), **({"delete": gone} if gone else {})}

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        resource = await super().complete(view, resource, live, applied)
        node, _, own = resource.key.name.partition("/")
        before = live.fields if live is not None else {}
        if live is None and resource.fields.get("type") in _JOINS and "ovsBridge" not in resource.fields:
            raise resource.invalid("spec", "PVE needs ovsBridge to make it", "name its bridge of Open vSwitch")
        there = {str(row["iface"]) for row in await self._list(view, {"node": node})}
        names = (key.name.partition("/") for key in view.wanted if key.kind in KINDS.values())
        there |= {iface for where, _, iface in names if where == node}
        for path in (path for path in _NAMES if path in resource.fields):
            known = _listed(before.get(path))
            for name in _listed(resource.fields[path]):
                # A VLAN of a card is made with the bridge (POST and PUT, 8.4 and 9.1).
                if name not in known and name not in there and name.rpartition(".")[0] not in there:
                    hint = f"there: {', '.join(sorted(there - {own}))}"
                    raise resource.invalid(f"spec.{path}", f"there is no interface {name!r} on {node}", hint)
        return resource


async def touches(
    view: View, live: Live, resource: Resource | None, changes: Sequence[Change], gone: bool
) -> Sequence[Hit]:
    """Guests of the node behind an interface: on the bridge that it is, or on those that it is a port of."""
    node, _, own = live.key.name.partition("/")
    rows: list[dict[str, Any]] = await view.once(f"network of {node}", lambda: view.pve.get(_PATH, {"node": node}))
    names = {own}
    for _ in rows:  # a card of a bond of a VLAN of a bridge: as many steps as there are interfaces, at most
        names |= {str(row["iface"]) for row in rows if names & _stands_on(row)}
    how = f"loses {own}" if gone else f"the network of {node} is reloaded for {own}"
    return await _blast.behind(view, _blast.on_bridges(names, [node]), how)


def _stands_on(row: Mapping[str, Any]) -> set[str]:
    ports = {name for key in _PORTS for name in str(row.get(key) or "").split()}
    return ports | {port.partition(".")[0] for port in ports} | {str(row.get("vlan-raw-device") or "-")}


ADDRESSED = ("cidr", "gateway", "cidr6", "gateway6")


def bridge_needs(resource: Resource) -> list[Need]:
    """The Open vSwitch bridge that an interface names."""
    node, bridge = resource.key.name.partition("/")[0], resource.fields.get("ovsBridge")
    return [Need(Key("Bridge", "", f"{node}/{bridge}"), "ovsBridge")] if bridge else []


def of_type(fields: Mapping[str, Value], is_ovs: bool, linux: Sequence[str]) -> Iterator[Mistake]:
    """Fields that the other type of interface has: PVE takes them, and does nothing with them, or loses them."""
    for path in (path for path in ("ovsBridge", "ovsTag", "ovsOptions", "ovsBonds") if path in fields and not is_ovs):
        yield Mistake(path, "only ports of Open vSwitch have that", "write a type that begins with OVS")
    for path in (path for path in linux if path in fields and is_ovs):
        yield Mistake(path, "a bond or a card of Open vSwitch has none", "leave it out; addresses go to an OVSIntPort")
    if is_ovs and fields.get("autostart"):
        yield Mistake("autostart", "a bridge of Open vSwitch starts its ports", "leave it out")


def _listed(value: Value | None) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what is empty, and without what stood beside the list."""
    return {name: value for name, value in row.items() if value not in ("", None) and name != "changes"}


def collection(*types: str, **more: Any) -> Collection:
    """The interfaces of these types, on every node."""
    facts: dict[str, Any] = {
        "path": _PATH,
        "item": f"{_PATH}/{{iface}}",
        "key": "iface",
        "name": "{node}/{iface}",
        "scopes": each_node,
        "mine": lambda row: row.get("type") in types,
        # An address that is not sent again is taken off (facts-objects.md 7), so everything is sent.
        "whole": frozenset("*"),
        "row": shown,
        "beside": "changes",
        "waits": lambda row: bool(row.get("changes")),
    }
    return Collection(**{**facts, **more})


def changed(diff: str) -> set[str]:
    """The interfaces that a difference of two interfaces files touches; `?` where a hunk does not say which."""
    found: set[str] = set()
    current = "?"
    for text in diff.splitlines():
        if text.startswith(("---", "+++")):
            continue
        if text.startswith("@@"):
            current = "?"
        elif stanza := _STANZA.match(text):
            current = stanza[1]
        if text[:1] in "+-" and text[1:].strip():
            found.add(current)
    return found


async def _waiting(node: str, view: View) -> Sequence[Key]:
    reply = await view.pve.get_with(_PATH, {"node": node})
    rows: dict[str, Row] = {row["iface"]: row for row in reply.data}
    names = changed(str(reply.extra.get("changes") or ""))
    kinds = {name: str(rows.get(name, {}).get("type")) for name in names}
    touched = {port for name in names for key in _PORTS for port in str(rows.get(name, {}).get(key) or "").split()}
    # PVE itself changes cards along with what they are ports of, and a bridge along with what joins it.
    names -= {name for name in names & touched if kinds[name] in CARDS}
    names -= {str(rows[name].get("ovs_bridge")) for name in names if kinds[name] in _JOINS}
    return [Key(KINDS.get(kinds[name], "NetworkInterface"), "", f"{node}/{name}") for name in sorted(names)]


async def _apply(node: str, run: Run) -> None:
    await run.call("PUT", _PATH, {"node": node}, title=f"apply the interfaces of {node}")


async def _revert(node: str, run: Run) -> None:
    await run.call("DELETE", _PATH, {"node": node}, title=f"revert the interfaces of {node}")


def stage(key: Key) -> Stage:
    """The interfaces of a node are applied together, or not at all."""
    node = key.name.partition("/")[0]
    return Stage(
        f"network:{node}",
        f"{node} → Network → Apply Configuration, or Revert",
        partial(_waiting, node),
        partial(_apply, node),
        partial(_revert, node),
    )
