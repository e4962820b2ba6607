"""/cluster/mapping: names for devices and directories of several nodes."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section


def _check_map(call: Call, name: str, section: Section) -> None:
    """An update must send the map again, although PCI's schema calls it optional (mapping-pci-usb, 9.1)."""
    if "map" not in call.params:
        die("update hardware mapping failed: missing value for required option 'map'")


def _mapping(kind: str) -> Collection:
    word = "directory" if kind == "dir" else "hardware"
    return Collection(
        file=f"mapping/{kind}.cfg",
        key="id",
        all=f"/cluster/mapping/{kind}",
        one=f"/cluster/mapping/{kind}/{{id}}",
        create_at=f"/cluster/mapping/{kind}",
        defined=f"{kind} ID '{{name}}' already defined",
        absent="mapping '{name}' not found",
        absent_update=f"{kind} ID '{{name}}' does not exist",
        absent_delete=None,
        creating=f"create {word} mapping failed: ",
        updating=f"update {word} mapping failed: ",
        type=kind,
        check=_check_map,
    )


for _kind in ("pci", "usb", "dir"):
    _section.register(_mapping(_kind))
