"""/cluster/ha/status: what the HA manager thinks and does, and arming it."""

from __future__ import annotations

import time
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _ha
from proxmox_mpc.simulator.state.ha import MAINTENANCE, Service

_PATH = "/cluster/ha/status"

# What people are shown for a state that is about to pass (PVE::HA::Tools, 9.1).
_WORDS = {"request_start": "starting", "request_stop": "stopping"}


def _node(call: Call) -> str:
    """The node that answers."""
    return next(iter(call.cluster.nodes))


def _quorum(call: Call, node: str) -> dict[str, Any]:
    if call.cluster.is_quorate:
        return {"quorate": 1, "status": "OK"}
    return {"quorate": 0, "status": f"No quorum on node '{node}'!"}


def _is_active(call: Call) -> bool:
    return call.cluster.has_ha_manager and bool(call.cluster.ha.services)


def _fencing(call: Call, node: str) -> dict[str, Any]:
    state = "disarmed" if call.cluster.ha.disarmed else "armed" if _is_active(call) else "standby"
    watchdog = "active" if state == "armed" else "standby"
    row: dict[str, Any] = {"id": "fencing", "type": "fencing", "node": node, "armed-state": state}
    row["status"] = f"{state} (CRM watchdog {watchdog})"
    return row | ({"resource_mode": call.cluster.ha.disarmed} if call.cluster.ha.disarmed else {})


def _agent_mode(call: Call, node: str) -> str:
    if call.cluster.ha.nodes.get(node) == MAINTENANCE:
        return "maintenance mode"
    is_busy = any(s.node == node and s.state not in ("error", "stopped") for s in call.cluster.ha.services.values())
    return "active" if is_busy else "idle"


def _daemons(call: Call) -> list[dict[str, Any]]:
    """The master and each node's agent, with when they were last heard of."""
    ha, now = call.cluster.ha, call.cluster.now()
    if not call.cluster.has_ha_manager or not ha.master:
        return []
    said = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(now))
    mode = "active" if ha.services else "idle"
    rows: list[dict[str, Any]] = [
        {"id": "master", "type": "master", "node": ha.master, "status": f"{ha.master} ({mode}, {said})"}
    ]
    for name, node in call.cluster.nodes.items():
        mode = _agent_mode(call, name) if node.online else "old timestamp - dead?"
        rows.append({"id": f"lrm:{name}", "type": "lrm", "node": name, "status": f"{name} ({mode}, {said})"})
    return [{**row, "timestamp": int(now)} for row in rows]


def _shown(call: Call, service: Service | None, wanted: str) -> str:
    """A resource's state in people's words."""
    if wanted == "ignored":
        return "ignored"
    if service is None:
        return "queued"
    if call.cluster.ha.disarmed == "freeze":
        return "freeze"
    return _WORDS.get(service.state, service.state)


def _service(call: Call, sid: str, resource: dict[str, str]) -> dict[str, Any]:
    service, wanted = call.cluster.ha.services.get(sid), _ha.wanted(call.cluster, sid)
    guest = call.cluster.guests.get(int(sid.partition(":")[2]))
    node = service.node if service else guest.node if guest else ""
    state = _shown(call, service, wanted)
    row: dict[str, Any] = {
        "id": f"service:{sid}",
        "type": "service",
        "sid": sid,
        "node": node,
        "state": state,
        "request_state": wanted,
        "status": f"{sid} ({node}, {state})",
        "max_restart": int(resource.get("max_restart", 1)),
        "max_relocate": int(resource.get("max_relocate", 1)),
    }
    if call.cluster.version == "9.1":
        row["failback"] = int(resource.get("failback", 1))
    if service and wanted != "ignored":
        row["crm_state"] = service.state
    return row | {key: resource[key] for key in ("comment", "group") if key in resource}


@answers("GET", _PATH + "/current")
def current(call: Call) -> Any:
    node = _node(call)
    rows: list[dict[str, Any]] = [{"id": "quorum", "node": node, **_quorum(call, node), "type": "quorum"}]
    rows += _daemons(call)
    if call.cluster.version == "9.1":
        rows.append(_fencing(call, node))
    resources = call.cluster.files.get(_ha.RESOURCES, {})
    return rows + [_service(call, sid, resources[sid]) for sid in sorted(resources)]


@answers("GET", _PATH + "/manager_status")
def manager_status(call: Call) -> Any:
    """The manager's own file; nearly nothing as long as it never ran."""
    cluster, ha = call.cluster, call.cluster.ha
    answer: dict[str, Any] = {
        "quorum": {"node": _node(call), "quorate": str(int(cluster.is_quorate))},
        "manager_status": {"node_status": dict(ha.nodes)},
    }
    if not cluster.has_ha_manager or not ha.master:
        return answer
    now = int(cluster.now())
    answer["manager_status"] |= {
        "master_node": ha.master,
        "timestamp": now,
        "service_status": {sid: _remembered(call, sid, s) for sid, s in ha.services.items()},
    }
    answer["lrm_status"] = {
        name: {"mode": "active", "state": _agent_mode(call, name), "timestamp": now, "results": {}}
        for name, node in cluster.nodes.items()
        if node.online
    }
    return answer


def _remembered(call: Call, sid: str, service: Service) -> dict[str, Any]:
    found: dict[str, Any] = {"node": service.node, "state": service.state, "uid": service.uid}
    guest = call.cluster.guests.get(int(sid.partition(":")[2]))
    if guest and guest.is_running:
        found["running"] = 1
    found |= {"target": service.target} if service.target else {}
    return found | ({"failed_nodes": service.failed_nodes} if service.failed_nodes else {})


@answers("POST", _PATH + "/disarm-ha")
def disarm(call: Call) -> None:
    """The manager decides nothing any more; with `ignore`, guests are started and stopped as if there was no HA."""
    call.cluster.ha.disarmed = call.text("resource-mode")


@answers("POST", _PATH + "/arm-ha")
def arm(call: Call) -> None:
    call.cluster.ha.disarmed = ""
