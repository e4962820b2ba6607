"""/nodes/{node}/hardware: devices of a host that do not change."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers

_PATH = "/nodes/{node}/hardware"
_ONE = _PATH + "/pci/{pci-id-or-mapping}"


@answers("GET", f"{_PATH}/pci")
def pci(call: Call) -> Any:
    """Without bridges, processors and memory controllers, unless the call names other classes to leave out."""
    left_out = call.items("pci-class-blacklist") or ["05", "06", "0b"]
    rows = [dict(d) for d in call.node.devices if not any(d["class"].startswith(f"0x{c}") for c in left_out)]
    return rows if call.flag("verbose", True) else [{"id": row["id"]} for row in rows]


@answers("GET", f"{_PATH}/usb")
def usb(call: Call) -> Any:
    return call.node.usb


def _check_device(call: Call) -> None:
    """A device of the node, or a mapping that has one on it."""
    name = call.text("pci-id-or-mapping")
    wanted = name if name.count(":") == 2 else f"0000:{name}"
    if any(device["id"] == wanted for device in call.node.devices):
        return
    mapping = call.cluster.files.get("mapping/pci.cfg", {}).get(name)
    if mapping is None:
        die(f"no such PCI device or mapping '{name}'")


@answers("GET", _ONE)
def index(call: Call) -> Any:
    _check_device(call)
    return [{"method": "mdev"}]


@answers("GET", f"{_ONE}/mdev")
def mediated(call: Call) -> Any:
    """No simulated device can be divided."""
    _check_device(call)
    return []
