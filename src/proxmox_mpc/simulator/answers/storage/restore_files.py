"""Single files out of backups, and what an import would make: both need servers that a simulator does not reach."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.formats import split_list

_PATH = "/nodes/{node}/storage/{storage}"


@answers("GET", f"{_PATH}/file-restore/list", f"{_PATH}/file-restore/download")
def files(call: Call) -> Any:
    definition = call.cluster.storage(call.text("storage"))
    call.need(f"/storage/{call.text('storage')}", "Datastore.Audit", "Datastore.AllocateSpace", any_of=True)
    if definition["type"] != "pbs":
        die("Only PBS storages supported")
    die(f"{definition['server']}: No route to host")


@answers("GET", f"{_PATH}/import-metadata")
def import_metadata(call: Call) -> Any:
    """An OVA is taken for one small machine with one disk: nobody looks into it."""
    storage, definition = call.text("storage"), call.cluster.storage(call.text("storage"))
    call.need(f"/storage/{storage}", "Datastore.Audit", "Datastore.AllocateSpace", any_of=True)
    if definition["type"] == "esxi":
        die(f"{definition['server']}: No route to host")
    name = call.text("volume").removeprefix(f"{storage}:")
    volume = call.cluster.volume(f"{storage}:{name}", call.node.name)
    if volume is None or volume.content != "import":
        die(f"no such volume '{storage}:{name}'")
    found = re.fullmatch(r"import/(.+)\.ova", name)
    if found is None:
        die(f"cannot read metadata of '{name}': only OVA files have any")
    disk = f"{storage}:{name}/{split_list(found[1])[0]}-disk1.vmdk"
    return {
        "type": "vm", "source": "esxi", "create-args": {"name": found[1], "cores": 1, "sockets": 1, "memory": 1024},
        "disks": {"scsi0": {"volid": disk, "size": volume.virtual or volume.size}}, "net": {},
        "warnings": [{"type": "ova-needs-extracting"}],
    }  # fmt: skip
