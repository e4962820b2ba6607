"""/cluster/status, /cluster/nextid, /cluster/log and membership."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers


@answers("GET", "/cluster/status")
def status(call: Call) -> Any:
    nodes = list(call.cluster.nodes.values())
    rows: list[dict[str, Any]] = []
    alone = not call.cluster.is_formed
    for number, node in enumerate(nodes, 0 if alone else 1):
        rows.append(
            {
                "id": f"node/{node.name}",
                "name": node.name,
                "type": "node",
                "nodeid": number,
                "ip": node.address,
                "level": "",
                "local": int(node is nodes[0]),
                "online": int(node.online),
            }
        )
    if not alone:
        rows.insert(
            0,
            {
                "id": "cluster",
                "name": call.cluster.name,
                "type": "cluster",
                "nodes": len(nodes),
                "quorate": int(call.cluster.is_quorate),
                "version": len(nodes),
            },
        )
    return rows


@answers("GET", "/cluster/nextid")
def next_id(call: Call) -> str:
    guests = call.cluster.guests
    if "vmid" in call.params:
        if call.vmid in guests:
            refuse(vmid=f"VM {call.vmid} already exists")
        return str(call.vmid)
    options = call.cluster.files.get("datacenter", {}).get("options", {}).get("next-id", "")
    limits = dict(part.partition("=")[::2] for part in options.split(",") if part)
    lower, upper = int(limits.get("lower", 100)), int(limits.get("upper", 1_000_000))
    free = next((vmid for vmid in range(lower, upper) if vmid not in guests), None)
    if free is None:
        die(f"unable to get any free VMID in range [{lower}, {upper}]")
    return str(free)


@answers("GET", "/cluster/log")
def log(call: Call) -> Any:
    everything = call.may("/", "Sys.Syslog")
    owner = call.user.partition("!")[0]
    rows = []
    ended = [t for t in call.cluster.tasks.values() if t.status is not None and (everything or t.owner == owner)]
    for number, task in enumerate(reversed(ended[-call.number("max", 50) :])):
        rows.append(
            {
                "id": f"{len(ended) - number}:{task.node}",
                "uid": str(len(ended) - number),
                "node": task.node,
                "msg": f"end task {task.upid} {task.status}",
                "pid": task.pid,
                "pri": 6 if task.is_ok else 3,
                "tag": "pvedaemon",
                "time": task.endtime,
                "user": task.user,
            }
        )
    return rows
