"""Many guests at once: a node's startall, stopall, … and the cluster's bulk actions. One task that starts others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Protocol

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha
from proxmox_mpc.simulator.answers.guests._migration import Move
from proxmox_mpc.simulator.answers.lxc import migrate as lxc_migrate
from proxmox_mpc.simulator.answers.lxc import power as lxc_power
from proxmox_mpc.simulator.answers.qemu import migrate as qemu_migrate
from proxmox_mpc.simulator.answers.qemu import power as qemu_power
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_NODE, _CLUSTER = "/nodes/{node}/", "/cluster/bulk-action/guest/"
_SHUTDOWN_S = 180

# Order of guests that say none: after all those that do (PVE::API2::Nodes, 9.1).
_NO_ORDER = 1_000_000


# Guests at a time where nobody says (the schema's defaults, 9.1); a node stops as many of its own as it has CPUs.
_BULK, _IN_TURN = 4, 1


class _Job(Protocol):
    def __call__(self, work: _tasks.Work, /, guest: Guest) -> Awaitable[None]: ...


@dataclass(frozen=True)
class _Step:
    """What is done to each guest: the kind of its task, and the work; `by_ha` is what the HA manager is asked for
    instead, and `pause` how long to wait after it."""

    verb: str
    kind: Callable[[Guest], str]
    work: _Job
    by_ha: tuple[str, Callable[[Guest], _tasks.Job]] | None = None
    pause_s: Callable[[Guest], int] = lambda guest: 0


def _check(call: Call, privilege: str) -> None:
    """The privilege on /, or on every guest that is named."""
    if call.may("/", privilege):
        return
    for vmid in call.items("vms"):
        call.need(f"/vms/{vmid}", privilege)
    if not call.items("vms"):
        call.need("/", privilege)


def _startup(guest: Guest, part: str, default: int) -> int:
    """A part of the guest's `startup`: its order, and seconds to wait when it goes up or down."""
    text = _drives.parse(guest.live.get("startup", ""), "order").get(part, "")
    return int(text) if text.isdecimal() else default


def _order(guest: Guest) -> tuple[int, int]:
    return _startup(guest, "order", _NO_ORDER), guest.vmid


def _chosen(
    cluster: Cluster, node: str | None, vmids: set[int], *, running: bool, onboot: bool = False, with_ha: bool = True
) -> list[Guest]:
    """The guests meant: those named or all, of the node or of the cluster; templates are passed over.

    Those under HA are the manager's business unless somebody named them (PVE::API2::Nodes, 9.1).
    """
    found = [
        g
        for g in cluster.guests.values()
        if (not vmids or g.vmid in vmids)
        and (node is None or g.node == node)
        and cluster.nodes[g.node].online
        and not g.is_template
        and g.is_running == running
        and (not onboot or g.live.get("onboot") == "1")
        and (with_ha or bool(vmids) or not _ha.is_managed(cluster, g))
    ]
    return sorted(found, key=_order, reverse=running)


def _named(call: Call, running: bool, *, onboot: bool = False, with_ha: bool = True) -> list[Guest]:
    vmids = {int(v) for v in call.items("vms")}
    return _chosen(call.cluster, call.params.get("node"), vmids, running=running, onboot=onboot, with_ha=with_ha)


def _run(call: Call, task: str, guests: list[Guest], step: _Step, usual: int, greeting: str = "") -> str:
    asked = call.number("max-workers", call.number("maxworkers", 0))
    return call.fork(task, "", _all(guests, step, call.user, asked or _workers(call.cluster, usual), greeting))


def _workers(cluster: Cluster, usual: int) -> int:
    """How many guests are worked on at a time: as the datacenter says, else as usual there."""
    return int(cluster.files.get("datacenter", {}).get("options", {}).get("max_workers", usual))


def _all(guests: list[Guest], step: _Step, user: str, at_once: int, greeting: str = "") -> _tasks.Job:
    """Each guest in a task of its own, those of one place in the order side by side."""

    async def work(work: _tasks.Work) -> None:
        work.fail_if_asked()
        if greeting:
            work.log(greeting)
        for _, equals in groupby(guests, lambda guest: _order(guest)[0]):
            places = asyncio.Semaphore(at_once)
            await asyncio.gather(*(_one(work, guest, step, user, places) for guest in equals))

    return work


async def _one(work: _tasks.Work, guest: Guest, step: _Step, user: str, places: asyncio.Semaphore) -> None:
    async with places:
        cluster = work.cluster
        work.log(f"{step.verb} {guest.word} {guest.vmid}")
        kind, job = step.kind(guest), partial(step.work, guest=guest)
        if step.by_ha and _ha.is_managed(cluster, guest):
            kind, job = step.by_ha[0], step.by_ha[1](guest)  # type: ignore[assignment]
        upid = _tasks.start(cluster, guest.node, kind, str(guest.vmid), user, job)
        status = (await cluster.finished(upid)).status
        if status != "OK":
            work.warn(f"{step.verb} {guest.word} {guest.vmid} failed: {status}")
        if pause_s := step.pause_s(guest):
            work.log(f"Waiting for {pause_s} seconds (startup delay)")
            await work.takes(pause_s)


def start_with_node(cluster: Cluster, node: str, user: str) -> str:
    """A node came up: start what is to start with it."""
    guests = _chosen(cluster, node, set(), running=False, onboot=True, with_ha=False)
    job = _all(guests, _START, user, _workers(cluster, _IN_TURN))
    return _tasks.start(cluster, node, "startall", "", user, job)


def stop_with_node(cluster: Cluster, node: str, user: str) -> str:
    """A node goes down: shut down what still runs on it, whoever wants it to run."""
    guests = _chosen(cluster, node, set(), running=True)
    step = replace(_shutting_down(_SHUTDOWN_S, True), by_ha=None)
    job = _all(guests, step, user, _workers(cluster, cluster.nodes[node].cpus))
    return _tasks.start(cluster, node, "stopall", "", user, job)


async def _start(work: _tasks.Work, guest: Guest) -> None:
    await (qemu_power.start if guest.is_qemu else lxc_power.start)(work, guest)


_START = _Step(
    "Starting",
    lambda g: "qmstart" if g.is_qemu else "vzstart",
    _start,
    ("hastart", _ha.starting),
    lambda g: _startup(g, "up", 0),
)
_SUSPEND = _Step("Suspending", lambda g: "qmsuspend", qemu_power.hibernate)
_PAUSE = _Step("Suspending", lambda g: "qmpause", qemu_power.pause)


def _shutting_down(timeout_s: int, force: bool) -> _Step:
    async def work(work: _tasks.Work, guest: Guest) -> None:
        if guest.is_qemu:
            _guest.check_lock(guest)
            await qemu_power.shut_down(work, guest, _startup(guest, "down", timeout_s), force)
        elif guest.is_running:
            await lxc_power.shut_down(work, guest)

    by_ha = ("hastop", lambda guest: _ha.stopping(guest, _startup(guest, "down", timeout_s)))
    return _Step("Stopping", lambda g: "qmshutdown" if g.is_qemu else "vzshutdown", work, by_ha)


def _stopping(call: Call) -> _Step:
    return _shutting_down(call.number("timeout", _SHUTDOWN_S), call.flag("force-stop", default=True))


def _moving(call: Call) -> _Step:
    move = Move(call.text("target"), with_local_disks=call.flag("with-local-disks"))

    async def work(work: _tasks.Work, guest: Guest) -> None:
        await (qemu_migrate.move if guest.is_qemu else lxc_migrate.move)(work, guest, move)

    by_ha = ("hamigrate", lambda guest: _ha.migrating(guest, move.target))
    return _Step("Migrating", lambda g: "qmigrate" if g.is_qemu else "vzmigrate", work, by_ha)


def _movable(call: Call) -> list[Guest]:
    target = call.text("target")
    return [g for running in (True, False) for g in _named(call, running) if g.node != target]


@answers("POST", _NODE + "startall")
def start_all(call: Call) -> str:
    """Those that start with the node; all of them by force."""
    _check(call, "VM.PowerMgmt")
    force = call.flag("force")
    return _run(call, "startall", _named(call, running=False, onboot=not force, with_ha=force), _START, _IN_TURN)


@answers("POST", _NODE + "stopall")
def stop_all(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    return _run(call, "stopall", _named(call, running=True, with_ha=False), _stopping(call), call.node.cpus)


@answers("POST", _NODE + "suspendall")
def suspend_all(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = [g for g in _named(call, running=True, with_ha=False) if g.is_qemu]
    return _run(call, "suspendall", guests, _SUSPEND, call.node.cpus)


@answers("POST", _NODE + "migrateall")
def migrate_all(call: Call) -> str:
    _check(call, "VM.Migrate")
    target = call.text("target")
    if target == call.node.name:
        refuse(target="target is local node.")
    if target not in call.cluster.nodes:
        die(f"no such cluster node '{target}'")
    return _run(call, "migrateall", _movable(call), _moving(call), _IN_TURN)


def _list(call: Call, guests: list[Guest]) -> str:
    return ", ".join(call.items("vms") or [str(g.vmid) for g in guests])


@answers("POST", _CLUSTER + "start")
def bulk_start(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = _named(call, running=False)
    return _run(call, "bulk-start", guests, _START, _BULK, f"Starting guests: {_list(call, guests)}")


@answers("POST", _CLUSTER + "shutdown")
def bulk_shutdown(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = _named(call, running=True)
    return _run(call, "bulk-shutdown", guests, _stopping(call), _BULK, f"Shutting down guests: {_list(call, guests)}")


@answers("POST", _CLUSTER + "suspend")
def bulk_suspend(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = [g for g in _named(call, running=True) if g.is_qemu]
    step = _SUSPEND if call.flag("to-disk") else _PAUSE
    return _run(call, "bulk-suspend", guests, step, _BULK, f"Suspending guests: {_list(call, guests)}")


@answers("POST", _CLUSTER + "migrate")
def bulk_migrate(call: Call) -> str:
    """The task itself finds out that there is no such node."""
    _check(call, "VM.Migrate")
    if call.text("target") not in call.cluster.nodes:

        def fail(work: _tasks.Work) -> None:
            die(f"no such cluster node '{call.text('target')}'")

        return call.fork("bulk-migrate", "", fail)
    guests = _movable(call)
    return _run(call, "bulk-migrate", guests, _moving(call), _IN_TURN, f"Migrating guests: {_list(call, guests)}")
