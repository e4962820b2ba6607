"""/cluster/mapping: names for devices and directories of several nodes."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

# What the verdicts of a node are called.
_CHECKS = {"mapping/pci.cfg": "checks", "mapping/usb.cfg": "errors", "mapping/dir.cfg": "checks"}


def _check_map(call: Call, name: str, section: Section) -> None:
    """An update must send the map again, although PCI's schema calls it optional (mapping-pci-usb, 9.1)."""
    if "map" not in call.params:
        word = "directory" if call.method.path.startswith("/cluster/mapping/dir") else "hardware"
        die(f"update {word} mapping failed: missing value for required option 'map'")


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


def _register(collection: Collection) -> None:
    _section.register(collection, lists=False)

    @answers("GET", collection.all)
    def listing(call: Call) -> Any:
        """With `check-node`, the node is asked whether it has what is mapped."""
        names = sorted(collection.sections(call))
        rows = [_section.show(call, collection, name, listed=True) for name in names]
        if "check-node" not in call.params:
            return rows
        call.cluster.reach(call.text("check-node"))
        return [{**row, _CHECKS[collection.file]: []} for row in rows]


for _kind in ("pci", "usb", "dir"):
    _register(_mapping(_kind))
