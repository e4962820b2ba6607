"""/cluster/resources: one row per guest, node, storage and network, as far as the user may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _ha, _vitals
from proxmox_mpc.simulator.answers.nodes import _load
from proxmox_mpc.simulator.answers.sdn import on_nodes
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.cluster import Cluster, Node
from proxmox_mpc.simulator.state.guest import Guest


def guest_row(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    """A guest as the cluster's status daemon last saw it."""
    row: dict[str, Any] = {
        "id": f"{guest.kind}/{guest.vmid}",
        "node": guest.node,
        "type": guest.kind,
        "vmid": guest.vmid,
    }
    if pool := cluster.pool_of(guest.vmid):
        row["pool"] = pool
    if not cluster.nodes[guest.node].online or cluster.now() - guest.born < cluster.resources_lag_s:
        return {**row, "status": "unknown"}
    row |= _vitals.load(guest, cluster.now())
    row |= {
        "name": guest.name,
        "status": "running" if guest.is_running else "stopped",
        "template": int(guest.is_template),
        "maxcpu": _vitals.cores(guest, cluster),
        "maxmem": _vitals.memory(guest),
        "maxdisk": _vitals.disk(guest),
        "diskread": 0,
        "diskwrite": 0,
    }
    if guest.is_qemu or cluster.version == "9.1":
        row["memhost"] = row["mem"]
    if _ha.resource(cluster, guest) is not None:
        # Nothing as long as the manager has not decided anything (ha-resources, 9.1).
        service = cluster.ha.services.get(guest.sid)
        row["hastate"] = service.state if service else None
    for key in ("tags", "lock"):
        if key in guest.live:
            row[key] = guest.live[key]
    return row


def node_row(cluster: Cluster, node: Node, guests: Sequence[Guest]) -> dict[str, Any]:
    """A node, given its running guests."""
    row: dict[str, Any] = {"id": f"node/{node.name}", "node": node.name, "type": "node", "level": ""}
    if not node.online:
        return {**row, "status": "offline"}
    return {**row, "status": "online", "cgroup-mode": 2, **_load.usage(cluster, node, guests)}


def storage_row(cluster: Cluster, name: str, node: Node) -> dict[str, Any]:
    definition = cluster.storages[name]
    row: dict[str, Any] = {
        "id": f"storage/{node.name}/{name}",
        "node": node.name,
        "storage": name,
        "type": "storage",
        "plugintype": definition["type"],
        "content": _space.content_of(definition),
        "shared": int(cluster.is_shared(name)),
    }
    if not node.online:
        return {**row, "status": "unknown"}
    space = _space.space(cluster, name, node)
    return {**row, "status": "available", "disk": space.used, "maxdisk": space.total}


def _network_row(cluster: Cluster, node: Node, zone: str, status: str) -> dict[str, Any]:
    if cluster.version != "9.1":
        return {"id": f"sdn/{node.name}/{zone}", "node": node.name, "sdn": zone, "status": status, "type": "sdn"}
    return {
        "id": f"network/{node.name}/zone/{zone}",
        "network": zone,
        "network-type": "zone",
        "node": node.name,
        "status": status if node.online else "unknown",
        "type": "network",
    }


@answers("GET", "/cluster/resources")
def listing(call: Call) -> Any:
    cluster, wanted = call.cluster, call.text("type")
    rows: list[dict[str, Any]] = []
    if wanted in ("", "vm"):
        for guest in cluster.guests.values():
            if call.is_root or call.may(f"/vms/{guest.vmid}", "VM.Audit"):
                rows.append(guest_row(cluster, guest))
    if wanted in ("", "node"):
        running = _load.running(cluster)
        for node in cluster.nodes.values():
            row = node_row(cluster, node, running[node.name])
            if not call.may(f"/nodes/{node.name}", "Sys.Audit"):
                row = {k: row[k] for k in ("id", "node", "type", "level", "status", "cgroup-mode") if k in row}
            rows.append(row)
    if wanted in ("", "storage"):
        for name in cluster.storages:
            if call.may(f"/storage/{name}", "Datastore.Audit", "Datastore.AllocateSpace", "Datastore.AllocateTemplate"):
                rows += [storage_row(cluster, name, n) for n in cluster.nodes.values() if cluster.is_on(name, n.name)]
    # The filter has no word for networks: they appear only without it (facts, 9.1). 8.4 had the word sdn.
    if wanted == "" or (wanted == "sdn" and cluster.version != "9.1"):
        for node in cluster.nodes.values():
            if call.may("/sdn/zones/localnetwork", "SDN.Audit", "SDN.Use"):
                rows.append(_network_row(cluster, node, on_nodes.LOCAL, "ok"))
            for name, zone in on_nodes.zones_on(call, node.name):
                row = _network_row(cluster, node, name, "available")
                rows.append(row | {"zone-type": zone["type"]} if cluster.version == "9.1" else row)
    return rows
