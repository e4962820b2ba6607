"""Guests that the HA manager keeps: a request to start, stop or move one is handed to the manager."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._tasks import Job, Work
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.ha import Request

RESOURCES = "ha/resources.cfg"

# Other words for a resource's state.
_SAME = {"enabled": "started", "": "started"}


def resource(cluster: Cluster, guest: Guest) -> dict[str, str] | None:
    """The guest's HA resource, if it has one."""
    return cluster.files.get(RESOURCES, {}).get(guest.sid)


def wanted(cluster: Cluster, sid: str) -> str:
    """started, stopped, disabled or ignored; nothing for what is no resource."""
    found = cluster.files.get(RESOURCES, {}).get(sid)
    return _SAME.get(found.get("state", ""), found.get("state", "")) if found is not None else ""


def is_managed(cluster: Cluster, guest: Guest | None) -> bool:
    """Does the manager decide about the guest? Not about those that it shall ignore."""
    if guest is None or cluster.ha.disarmed == "ignore":
        return False
    return wanted(cluster, guest.sid) not in ("", "ignored")


def state_shown(cluster: Cluster, guest: Guest) -> dict[str, object]:
    """`ha` of a guest's status."""
    found = resource(cluster, guest)
    if found is None:
        return {"managed": 0}
    shown: dict[str, object] = {"managed": 1}
    if service := cluster.ha.services.get(guest.sid):
        shown["state"] = service.state
    return {**shown, "group": found["group"]} if "group" in found else shown


def manage(cluster: Cluster, guest: Guest, *, started: bool) -> None:
    """Make a new guest a resource; the manager starts it when it shall be started."""
    state = "started" if started else "stopped"
    cluster.files.setdefault(RESOURCES, {})[guest.sid] = {"type": guest.sid.partition(":")[0], "state": state}


def starting(guest: Guest) -> Job:
    """The task that asks for the state `started`; it ends when that is noted."""

    def work(work: Work) -> None:
        work.log(f"Requesting HA start for {guest.word} {guest.vmid}")
        _set_state(work.cluster, guest, "started")

    return work


def stopping(guest: Guest, timeout_s: int) -> Job:
    """The task that asks for the state `stopped`; with a time-out of 0 without a shutdown."""

    def work(work: Work) -> None:
        work.log(f"Requesting HA stop for {guest.word} {guest.vmid}")
        _set_state(work.cluster, guest, "stopped")
        work.cluster.ha.requests[guest.sid] = Request("stop", timeout_s=timeout_s)

    return work


def migrating(guest: Guest, target: str) -> Job:
    """The task that asks for another node."""

    def work(work: Work) -> None:
        work.log(f"Requesting HA migration for {guest.word} {guest.vmid} to node {target}")
        work.cluster.ha.requests[guest.sid] = Request("migrate", target)

    return work


def start(call: Call, guest: Guest) -> str:
    return call.fork("hastart", guest.vmid, starting(guest))


def stop(call: Call, guest: Guest, timeout_s: int) -> str:
    return call.fork("hastop", guest.vmid, stopping(guest, timeout_s))


def migrate(call: Call, guest: Guest, target: str) -> str:
    return call.fork("hamigrate", guest.vmid, migrating(guest, target))


def _set_state(cluster: Cluster, guest: Guest, state: str) -> None:
    found = resource(cluster, guest)
    if found is None:
        die(f"cannot change unmanaged resource '{guest.sid}'")
    found["state"] = state
