"""/nodes/{node}/network: the interfaces of a host (reading; changing them is not simulated yet)."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator._registry import answers


@answers("GET", "/nodes/{node}/network")
def listing(call: Call) -> Any:
    wanted = call.text("type")
    kinds = {"any_bridge": ("bridge", "OVSBridge"), "any_local_bridge": ("bridge", "OVSBridge")}.get(wanted, (wanted,))
    return [
        {"iface": name, **settings}
        for name, settings in call.node.interfaces.items()
        if (not wanted or settings["type"] in kinds) and _may_see(call, name, settings)
    ]


def _may_see(call: Call, name: str, settings: dict[str, Any]) -> bool:
    if settings["type"] != "bridge" or call.may(f"/nodes/{call.node.name}", "Sys.Audit", "Sys.Modify"):
        return True
    return call.may(f"/sdn/zones/localnetwork/{name}", "SDN.Audit", "SDN.Use")


@answers("GET", "/nodes/{node}/network/{iface}")
def read(call: Call) -> Any:
    name = call.text("iface")
    if name not in call.node.interfaces:
        refuse(iface="interface does not exist")
    return call.node.interfaces[name]
