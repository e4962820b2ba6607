"""/nodes/{node}/storage/{storage}/prunebackups: which backups the rules would remove, and removing them."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.storage import _pruning
from proxmox_mpc.simulator.state.storage import Volume

_PATH = "/nodes/{node}/storage/{storage}/prunebackups"


def _marks(call: Call) -> list[tuple[Volume, str]]:
    """The backups that the request is about, each with what becomes of it; the storage's own rules by default."""
    storage = call.text("storage")
    definition = call.cluster.storage(storage)
    asked = [
        volume
        for volume in call.cluster.shelf(storage, call.node.name).values()
        if volume.content == "backup"
        and ("vmid" not in call.params or volume.vmid == call.vmid)
        and call.text("type") in ("", _pruning.kind_of(volume))
    ]
    return _pruning.marks(asked, _pruning.rules(call.text("prune-backups", definition.get("prune-backups", ""))))


@answers("GET", _PATH)
def preview(call: Call) -> Any:
    storage = call.text("storage")
    return [
        {
            "volid": f"{storage}:{volume.name}",
            "mark": mark,
            "type": _pruning.kind_of(volume) if mark != "renamed" else "unknown",
            "ctime": int(_pruning.taken_at(volume)),
            **({} if volume.vmid is None else {"vmid": volume.vmid}),
        }
        for volume, mark in _marks(call)
    ]


def _check(call: Call, path: str) -> None:
    """The schema leaves this to the handler (PVE::API2::Storage::PruneBackups, 9.1)."""
    if "vmid" not in call.params:
        call.need(path, "Datastore.Allocate")
    elif not call.may(path, "Datastore.Allocate"):
        call.need(path, "Datastore.AllocateSpace")
        call.need(f"/vms/{call.vmid}", "VM.Backup")


@answers("DELETE", _PATH)
def prune(call: Call) -> str:
    storage, node = call.text("storage"), call.node.name
    _check(call, f"/storage/{storage}")
    doomed = [volume.name for volume, mark in _marks(call) if mark == "remove"]

    def work(work: _tasks.Work) -> None:
        for name in doomed:
            work.log(f"removing backup '{storage}:{name}'")
            call.cluster.shelf(storage, node).pop(name, None)

    return call.fork("prunebackups", f"{call.text('vmid')}@{storage}" if "vmid" in call.params else storage, work)
