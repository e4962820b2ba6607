"""/nodes/{node}/network: the interfaces of a host. Changes wait in a file of their own until they are applied."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.nodes import _interfaces
from proxmox_mpc.simulator.answers.nodes._interfaces import Interface, Interfaces
from proxmox_mpc.simulator.answers.sdn import on_nodes

_ALL, _ONE = "/nodes/{node}/network", "/nodes/{node}/network/{iface}"
_BRIDGES = frozenset({"bridge", "OVSBridge"})
_PORTS = ("bridge_ports", "slaves", "ovs_ports", "ovs_bonds")
# What names its Open vSwitch bridge, and is entered there by PVE itself (POST and PUT, 8.4 and 9.1).
_JOINS = frozenset({"OVSIntPort", "OVSBond"})
_NOT_SETTINGS = frozenset({"node", "iface", "delete"})
_RELOAD_S = 2.0


def _planned(call: Call) -> Interfaces:
    """The interfaces as they will be: the waiting file if there is one."""
    return call.node.interfaces if call.node.planned_interfaces is None else call.node.planned_interfaces


def _plan(call: Call, interfaces: Interfaces) -> None:
    call.node.planned_interfaces = _interfaces.arrange(interfaces)


def _wanted(kind: str, settings: Interface) -> bool:
    if kind in ("any_bridge", "any_local_bridge"):
        return settings["type"] in _BRIDGES
    return kind in ("", "include_sdn", settings["type"])


@answers("GET", _ALL)
def listing(call: Call) -> Any:
    kind = call.text("type")
    if call.node.planned_interfaces is not None:
        call.beside["changes"] = _interfaces.changes(call.node.interfaces, call.node.planned_interfaces)
    rows = [
        {"iface": name, **settings}
        for name, settings in _planned(call).items()
        if _wanted(kind, settings) and _may_see(call, name, settings)
    ]
    if kind in ("vnet", "include_sdn", "any_bridge"):
        rows += on_nodes.bridges(call, call.node.name)
    return rows


def _may_see(call: Call, name: str, settings: Interface) -> bool:
    if settings["type"] not in _BRIDGES or call.may(f"/nodes/{call.node.name}", "Sys.Audit", "Sys.Modify"):
        return True
    return call.may(f"/sdn/zones/{on_nodes.LOCAL}/{name}", "SDN.Audit", "SDN.Use")


def _named(call: Call) -> Interface:
    found = _planned(call).get(call.text("iface"))
    if found is None:
        refuse(iface="interface does not exist")
    return found


@answers("GET", _ONE)
def read(call: Call) -> Any:
    return _named(call)


def _check_uniqueness(call: Call) -> None:
    """A default gateway and a port belong to one interface."""
    others = {n: s for n, s in _planned(call).items() if n != call.text("iface")}
    for key in ("gateway", "gateway6"):
        if key in call.params and (owner := next((n for n, s in others.items() if key in s), None)):
            refuse({key: f"Default gateway already exists on interface '{owner}'."})
    used = {port: name for name, s in others.items() for key in _PORTS for port in str(s.get(key, "")).split()}
    for key in _PORTS:
        for port in re.split(r"[;,\s]+", call.text(key)):
            if port in used:
                refuse({key: f"{port} is already used on interface '{used[port]}'."})


def _given(call: Call) -> dict[str, Any]:
    return {k: v for k, v in call.params.items() if k not in _NOT_SETTINGS}


def _joined(call: Call, interfaces: Interfaces) -> Interfaces:
    """The interfaces, with the one that is written among the ports of the Open vSwitch bridge that it names."""
    name, bridge = call.text("iface"), call.text("ovs_bridge")
    if call.text("type") not in _JOINS:
        return interfaces
    if not bridge:
        refuse(ovs_bridge="parameter is required")
    if bridge not in interfaces:
        refuse(ovs_bridge=f"bridge '{bridge}' does not exist")
    if interfaces[bridge]["type"] != "OVSBridge":
        refuse(ovs_bridge=f"interface '{bridge}' is no OVS bridge")
    ports = str(interfaces[bridge].get("ovs_ports", "")).split()
    return {**interfaces, bridge: {**interfaces[bridge], "ovs_ports": " ".join(dict.fromkeys([*ports, name]))}}


@answers("POST", _ALL)
def create(call: Call) -> None:
    name, interfaces = call.text("iface"), _planned(call)
    if name in interfaces:
        refuse(iface="interface already exists")
    _check_uniqueness(call)
    last = max((s.get("priority", 0) for s in interfaces.values()), default=2)
    made = _interfaces.settle(name, _interfaces.merged({"priority": last + 1}, _given(call)))
    _plan(call, _joined(call, {**interfaces, name: made}))


@answers("PUT", _ONE)
def update(call: Call) -> None:
    """What is not sent stays, except that an address which is not sent again makes the method manual."""
    name, before = call.text("iface"), dict(_named(call))
    _check_uniqueness(call)
    for key in call.items("delete"):
        for gone in {"cidr": ("cidr", "address", "netmask"), "cidr6": ("cidr6", "address6", "netmask6")}.get(
            key, (key,)
        ):
            before.pop(gone, None)
    changed = _interfaces.settle(name, _interfaces.merged(before, _given(call)))
    _plan(call, _joined(call, {**_planned(call), name: changed}))


@answers("DELETE", _ONE)
def delete(call: Call) -> None:
    """A card that is there stays in the list, without its settings; what is made of cards goes with them."""
    gone, kept = _named(call), {n: s for n, s in _planned(call).items() if n != call.text("iface")}
    if gone["type"] in _JOINS and (bridge := kept.get(str(gone.get("ovs_bridge")))) is not None:
        ports = [port for port in str(bridge.get("ovs_ports", "")).split() if port != call.text("iface")]
        kept[str(gone["ovs_bridge"])] = {**bridge, "ovs_ports": " ".join(ports)}
    is_card = gone.get("exists") and gone["type"] != "vlan"
    if is_card and not _is_port(call.text("iface"), kept):
        bare = ("type", "exists", "active", "families", "priority")
        kept[call.text("iface")] = {**{k: gone[k] for k in bare if k in gone}, "method": "manual", "method6": "manual"}
    _plan(call, kept)


def _is_port(name: str, interfaces: Interfaces) -> bool:
    keys = (*_PORTS, "vlan-raw-device")
    return any(name in str(s.get(key, "")).split() for s in interfaces.values() for key in keys)


@answers("DELETE", _ALL)
def revert(call: Call) -> None:
    call.node.planned_interfaces = None


@answers("PUT", _ALL)
def apply(call: Call) -> str:
    node = call.node
    if node.planned_interfaces is not None:
        node.interfaces, node.planned_interfaces = node.planned_interfaces, None
        for settings in node.interfaces.values():
            if settings.get("autostart"):
                settings["active"] = 1

    async def reload(work: Work) -> None:
        await work.takes(_RELOAD_S)

    return call.fork("srvreload", "networking", reload)
