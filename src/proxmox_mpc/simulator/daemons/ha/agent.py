"""What a node does about its HA resources: starts, shuts down and moves them, in tasks as the API's own (PVE's LRM)."""

from __future__ import annotations

from collections.abc import Awaitable

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests._migration import Move
from proxmox_mpc.simulator.answers.lxc import migrate as lxc_migrate
from proxmox_mpc.simulator.answers.lxc import power as lxc_power
from proxmox_mpc.simulator.answers.qemu import migrate as qemu_migrate
from proxmox_mpc.simulator.answers.qemu import power as qemu_power
from proxmox_mpc.simulator.daemons import DAEMON_USER
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.ha import Service

# How long a guest gets to shut down when the request did not say (PVE::HA::Resources, 9.1).
_SHUTDOWN_S = 60


def start(cluster: Cluster, service: Service, guest: Guest) -> None:
    job = qemu_power.start if guest.is_qemu else lxc_power.start
    _begin(cluster, service, guest, "qmstart" if guest.is_qemu else "vzstart", lambda work: job(work, guest))


def stop(cluster: Cluster, service: Service, guest: Guest) -> None:
    """Shut down, by force when the time is over; at once when there is none."""
    timeout_s = _SHUTDOWN_S if service.timeout_s is None else service.timeout_s
    at_once = timeout_s == 0

    async def work(work: Work) -> None:
        if not guest.is_qemu:
            await lxc_power.shut_down(work, guest)
        elif at_once:
            qemu_power.halt(work, guest)
        else:
            await qemu_power.shut_down(work, guest, timeout_s, force=True)

    prefix, verb = "qm" if guest.is_qemu else "vz", "stop" if at_once else "shutdown"
    _begin(cluster, service, guest, prefix + verb, work)


def move(cluster: Cluster, service: Service, guest: Guest) -> None:
    """Migrate; to relocate a virtual machine, it is shut down before and started by the next round."""
    relocate = service.state == "relocate"
    target = Move(service.target)

    async def work(work: Work) -> None:
        if relocate and guest.is_qemu and guest.is_running:
            await qemu_power.shut_down(work, guest, _SHUTDOWN_S, force=True)
        moving: Awaitable[None] = (qemu_migrate.move if guest.is_qemu else lxc_migrate.move)(work, guest, target)
        await moving

    _begin(cluster, service, guest, "qmigrate" if guest.is_qemu else "vzmigrate", work)


def _begin(cluster: Cluster, service: Service, guest: Guest, kind: str, work: _tasks.Job) -> None:
    service.task = _tasks.start(cluster, service.node, kind, str(guest.vmid), DAEMON_USER, work)


def outcome(cluster: Cluster, service: Service) -> bool | None:
    """How the latest task ended; None while it runs. Asking takes note of the end."""
    task = cluster.tasks.get(service.task)
    if task is not None and task.status is None:
        return None
    service.task = ""
    return task is not None and task.is_ok
