"""/nodes/{node}/vzdump: backups."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.nodes import _dump
from proxmox_mpc.simulator.answers.storage import _access

# Paths of the node and programs on it; and what slows down others (PVE::API2::Backup, 9.1).
_ROOT_ONLY = ("tmpdir", "dumpdir", "script")
_OF_THE_NODE = ("bwlimit", "ionice", "performance")


@answers("GET", "/nodes/{node}/vzdump/defaults")
def defaults(call: Call) -> Any:
    storage = call.text("storage", "local")
    definition = call.cluster.storage(storage)
    call.need(f"/storage/{storage}", "Datastore.Audit", "Datastore.AllocateSpace", any_of=True)
    return {
        "mode": "snapshot", "ionice": 7, "bwlimit": 0, "mailnotification": "always", "stopwait": 10, "compress": "0",
        "lockwait": 180, "fleecing": {"enabled": 0}, "notification-mode": "auto", "all": 0, "remove": 1,
        "stdexcludes": 1, "quiet": 0, "dumpdir": f"{definition.get('path', '/mnt/pve/' + storage)}/dump",
        "performance": {"max-workers": 16, "pbs-entries-max": 1_048_576}, "storage": storage, "stop": 0, "zstd": 1,
        "pigz": 0, "prune-backups": definition.get("prune-backups", "keep-all=1"),
    }  # fmt: skip


@answers("GET", "/nodes/{node}/vzdump/extractconfig")
def extract(call: Call) -> str:
    volid = call.text("volume")
    _access.check(call, volid)
    volume = call.cluster.volume(volid, call.node.name)
    if volume is None:
        die(f"volume '{volid}' does not exist")
    return volume.conf


@answers("POST", "/nodes/{node}/vzdump")
def dump(call: Call) -> str:
    cluster, node = call.cluster, call.node.name
    _check_options(call)
    options = _dump.Options(call.params)
    vmids = [int(v) for v in call.items("vmid")]
    if "pool" in call.params:
        vmids = list(cluster.pools[call.text("pool")].guests) if call.text("pool") in cluster.pools else []
        vmids = [v for v in vmids if v in cluster.guests and cluster.guests[v].node == node]
    elif call.flag("all"):
        left_out = call.items("exclude")
        vmids = [g.vmid for g in cluster.guests.values() if g.node == node and str(g.vmid) not in left_out]
    elif not vmids:
        refuse(vmid="property is missing and it is not optional")
    call.need(f"/storage/{options.storage}", "Datastore.AllocateSpace")
    for vmid in vmids:
        call.need(f"/vms/{vmid}", "VM.Backup")
    _dump.check_storage(cluster, options.storage)
    # Others' guests are left to their nodes without a word; those that are nowhere fail in the task.
    vmids = [v for v in vmids if v not in cluster.guests or cluster.guests[v].node == node]
    if not vmids and not call.flag("all"):
        return "OK"
    name = vmids[0] if len(vmids) == 1 else ""
    return call.fork("vzdump", name, lambda work: _dump.run(work, node, vmids, options))


def _check_options(call: Call) -> None:
    if not call.is_root and (forbidden := call.given(_ROOT_ONLY)):
        refuse(dict.fromkeys(forbidden, "Only root may set this option."))
    if call.given(_OF_THE_NODE):
        call.need("/", "Sys.Modify")
