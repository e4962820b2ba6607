"""One round of the HA manager: what becomes of nodes and resources (PVE's CRM).

The states and their transitions are those of PVE's documentation. A round changes states and begins tasks; it never
waits. It tells whether anything moved, so that a settled cluster needs no rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proxmox_mpc.simulator.answers.guests import _placement
from proxmox_mpc.simulator.answers.guests._ha import RESOURCES, wanted
from proxmox_mpc.simulator.daemons.ha import agent, nodes
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.ha import FENCE_AFTER, FENCED_AFTER, MAINTENANCE, REST_STATES, Ha, Service


@dataclass(frozen=True)
class Round:
    """What all decisions of one round start from."""

    cluster: Cluster
    places: _placement.Placement
    available: set[str]


def has_work(cluster: Cluster) -> bool:
    return cluster.has_ha_manager and bool(cluster.files.get(RESOURCES) or cluster.ha.services)


def play_round(cluster: Cluster) -> bool:
    """Look at every node and resource once; tells whether something changed, or is about to."""
    if not cluster.is_quorate:
        return False
    before = _seen(cluster.ha)
    nodes.elect(cluster)
    is_counting = nodes.watch(cluster)
    _take_in(cluster)
    if not cluster.ha.disarmed:
        at = Round(cluster, _placement.Placement(cluster), nodes.available(cluster))
        _obey(at)
        for sid in sorted(cluster.ha.services):
            _decide(at, sid, cluster.ha.services[sid])
    return is_counting or _seen(cluster.ha) != before


def _seen(ha: Ha) -> object:
    """What a round may change."""
    services = [(s.node, s.state, s.target, s.task, s.restarts, len(s.failed_nodes)) for s in ha.services.values()]
    return ha.master, dict(ha.nodes), len(ha.requests), services


def _guest(cluster: Cluster, sid: str) -> Guest | None:
    guest = cluster.guests.get(int(sid.partition(":")[2]))
    return guest if guest and guest.sid == sid else None


def _take_in(cluster: Cluster) -> None:
    """Follow the configuration: new resources come, those that are gone or ignored go."""
    services = cluster.ha.services
    for sid in cluster.files.get(RESOURCES, {}):
        guest, state = _guest(cluster, sid), wanted(cluster, sid)
        if guest is None or state == "ignored":
            services.pop(sid, None)
        elif sid not in services:
            uid = cluster.new_uuid()[:8]
            services[sid] = Service(guest.node, "request_start" if state == "started" else "request_stop", uid)
    for sid in [s for s in services if not wanted(cluster, s)]:
        del services[sid]
    for sid in [s for s in cluster.ha.requests if s not in services and not wanted(cluster, s)]:
        del cluster.ha.requests[sid]


def _obey(at: Round) -> None:
    """Somebody asked for a move or a stop: begun as soon as the resource is at rest."""
    for sid, request in list(at.cluster.ha.requests.items()):
        service = at.cluster.ha.services.get(sid)
        if service is not None and not _is_at_rest(service) and service.state != "error":
            continue
        del at.cluster.ha.requests[sid]
        if service is None or service.state == "error":
            continue
        if request.command == "stop":
            service.timeout_s = request.timeout_s
        elif request.node in at.available and at.places.may_go(sid, request.node):
            # Those that belong to it come along (resource affinity, 9.1).
            for one in (sid, *at.places.mates(sid)):
                mate = at.cluster.ha.services.get(one)
                if mate and mate.node != request.node and _is_at_rest(mate):
                    mate.state, mate.target = request.command, request.node


def _is_at_rest(service: Service) -> bool:
    return service.state in REST_STATES and not service.task


def _decide(at: Round, sid: str, service: Service) -> None:
    guest = _guest(at.cluster, sid)
    if guest is None:
        return
    if guest.node != service.node and (not service.task or guest.node == service.target):
        # It arrived, or somebody moved it by hand.
        service.node = guest.node
    if not at.cluster.nodes[service.node].online and service.state != "recovery":
        _mourn(at.cluster, service, wanted(at.cluster, sid))
        return
    node = at.cluster.nodes[service.node]
    if node.leaving and node.online and at.cluster.ha.nodes[service.node] != MAINTENANCE:
        # It is stopped along with its node.
        service.task = ""
        return
    _STATES[service.state](at, sid, service, guest)


def _mourn(cluster: Cluster, service: Service, state: str) -> None:
    """The resource's node is gone: wait, fence, recover. Frozen, disabled and broken ones are left alone."""
    rounds = cluster.ha.unseen.get(service.node, 0)
    if service.state in ("freeze", "error") or (state == "disabled" and service.state == "stopped"):
        return
    service.task = service.target = ""
    if rounds >= FENCED_AFTER:
        service.state = "recovery"
    elif rounds >= FENCE_AFTER:
        service.state = "fence"


def _request_start(at: Round, sid: str, service: Service, guest: Guest) -> None:
    if service.task:
        done = agent.outcome(at.cluster, service)
        if done is None:
            return
        if not done:
            _retry(at, sid, service)
            return
    if wanted(at.cluster, sid) != "started":
        service.state = "request_stop"
    elif guest.is_running:
        service.state, service.restarts, service.timeout_s = "started", 0, None
        service.failed_nodes.clear()
    elif not service.failed_nodes and _leaves(at, sid, service):
        return
    elif service.node in at.places.allowed(sid, at.available):
        agent.start(at.cluster, service, guest)


def _retry(at: Round, sid: str, service: Service) -> None:
    """A start failed: again here, then elsewhere, then not at all."""
    resource = at.cluster.files[RESOURCES][sid]
    service.restarts += 1
    if service.restarts <= int(resource.get("max_restart", 1)):
        return
    service.failed_nodes.append(service.node)
    tries = len(service.failed_nodes)
    others = at.available - set(service.failed_nodes)
    target = at.places.pick(sid, others)
    if tries > int(resource.get("max_relocate", 1)) or target is None:
        service.state = "error"
    else:
        service.state, service.target, service.restarts = "relocate", target, 0


def _started(at: Round, sid: str, service: Service, guest: Guest) -> None:
    if wanted(at.cluster, sid) != "started":
        service.state = "request_stop"
    elif not guest.is_running:
        service.state = "request_start"
    else:
        _leaves(at, sid, service)


def _leaves(at: Round, sid: str, service: Service) -> bool:
    """Go to a better node, if there is one that it did not fail to reach; tells so."""
    best = at.places.pick(sid, at.available, service.node)
    if at.cluster.ha.nodes[service.node] == MAINTENANCE:
        service.home = service.home or service.node
    elif service.home in at.places.allowed(sid, at.available):
        best, service.home = service.home, ""
    if best in (None, service.node, service.unreachable):
        return False
    service.state, service.target = "migrate", str(best)
    return True


def _request_stop(at: Round, sid: str, service: Service, guest: Guest) -> None:
    if service.task and agent.outcome(at.cluster, service) is None:
        return
    if wanted(at.cluster, sid) == "started":
        service.state = "request_start"
    elif guest.is_running:
        agent.stop(at.cluster, service, guest)
    else:
        service.state, service.timeout_s = "stopped", None


def _stopped(at: Round, sid: str, service: Service, guest: Guest) -> None:
    if wanted(at.cluster, sid) == "started":
        service.state = "request_start"
    elif guest.is_running:
        service.state = "request_stop"


def _moving(at: Round, sid: str, service: Service, guest: Guest) -> None:
    target = service.target
    if not service.task and target in at.available and guest.node != target:
        agent.move(at.cluster, service, guest)
        return
    if service.task and agent.outcome(at.cluster, service) is None:
        return
    service.target = ""
    service.unreachable = "" if guest.node == target else target
    if service.unreachable and service.failed_nodes:
        # It cannot run here, and cannot leave either.
        service.state = "error"
    elif wanted(at.cluster, sid) == "started":
        service.state = "started" if guest.is_running else "request_start"
    else:
        service.state = "request_stop"


def _freeze(at: Round, sid: str, service: Service, guest: Guest) -> None:
    """Its node went down for a moment, and is back."""
    if not at.cluster.nodes[service.node].leaving:
        service.state = "started"


def _fence(at: Round, sid: str, service: Service, guest: Guest) -> None:
    """The node came back before it was fenced: carry on there."""
    service.state = "request_start" if wanted(at.cluster, sid) == "started" else "request_stop"


def _recovery(at: Round, sid: str, service: Service, guest: Guest) -> None:
    """Take the configuration over to a node that may run it; while there is none, wait."""
    target = at.places.pick(sid, at.available)
    if target is None:
        return
    # What the dead node was doing with the guest, it does no more.
    guest.live.pop("lock", None)
    guest.run, guest.node, service.node = None, target, target
    guest.touch()
    service.restarts = 0
    service.failed_nodes.clear()
    service.state = "request_start" if wanted(at.cluster, sid) == "started" else "stopped"


def _error(at: Round, sid: str, service: Service, guest: Guest) -> None:
    """Until somebody looked into it, and says so by disabling the resource."""
    if wanted(at.cluster, sid) == "disabled":
        service.state, service.restarts = "stopped", 0
        service.failed_nodes.clear()


_STATES: dict[str, Any] = {
    "request_start": _request_start,
    "started": _started,
    "request_stop": _request_stop,
    "stopped": _stopped,
    "migrate": _moving,
    "relocate": _moving,
    "freeze": _freeze,
    "fence": _fence,
    "recovery": _recovery,
    "error": _error,
}
