"""Many guests at once: a node's startall, stopall, … and the cluster's bulk actions. One task that starts others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.answers.lxc import migrate as lxc_migrate
from proxmox_mpc.simulator.answers.lxc import power as lxc_power
from proxmox_mpc.simulator.answers.qemu import migrate as qemu_migrate
from proxmox_mpc.simulator.answers.qemu import power as qemu_power
from proxmox_mpc.simulator.state.guest import Guest

_NODE, _CLUSTER = "/nodes/{node}/", "/cluster/bulk-action/guest/"
_SHUTDOWN_S = 180

# Order of guests that say none: after all those that do (PVE::API2::Nodes, 9.1).
_NO_ORDER = 1_000_000


class _Job(Protocol):
    def __call__(self, work: _tasks.Work, /, guest: Guest) -> Awaitable[None]: ...


@dataclass(frozen=True)
class _Step:
    """What is done to each guest: the kind of its task, and the work."""

    verb: str
    kind: Callable[[Guest], str]
    work: _Job


def _check(call: Call, privilege: str) -> None:
    """The privilege on /, or on every guest that is named."""
    if call.may("/", privilege):
        return
    for vmid in call.items("vms"):
        call.need(f"/vms/{vmid}", privilege)
    if not call.items("vms"):
        call.need("/", privilege)


def _order(guest: Guest) -> tuple[int, int]:
    order = _drives.parse(guest.live.get("startup", ""), "order").get("order", "")
    return int(order) if order.isdigit() else _NO_ORDER, guest.vmid


def _named(call: Call, running: bool, onboot_only: bool = False) -> list[Guest]:
    """The guests meant: those named or all, of the node or of the cluster; templates are passed over."""
    vmids = {int(v) for v in call.items("vms")}
    node = call.params.get("node")
    found = [
        g
        for g in call.cluster.guests.values()
        if (not vmids or g.vmid in vmids)
        and (node is None or g.node == node)
        and not g.is_template
        and g.is_running == running
        and (not onboot_only or g.live.get("onboot") == "1")
    ]
    return sorted(found, key=_order, reverse=running)


def _run(call: Call, task: str, guests: list[Guest], step: _Step, greeting: str = "") -> str:
    """One guest after the other, each in a task of its own."""
    cluster, user = call.cluster, call.user

    async def work(work: _tasks.Work) -> None:
        if greeting:
            work.log(greeting)
        for guest in guests:
            work.log(f"{step.verb} {guest.word} {guest.vmid}")
            job = partial(step.work, guest=guest)
            upid = _tasks.start(cluster, guest.node, step.kind(guest), str(guest.vmid), user, job)
            await cluster.running[upid]
            status = cluster.tasks[upid].status
            if status != "OK":
                work.warn(f"{step.verb} {guest.word} {guest.vmid} failed: {status}")

    return call.fork(task, "", work)


async def _start(work: _tasks.Work, guest: Guest) -> None:
    await (qemu_power.start if guest.is_qemu else lxc_power.start)(work, guest)


_START = _Step("Starting", lambda g: "qmstart" if g.is_qemu else "vzstart", _start)
_SUSPEND = _Step("Suspending", lambda g: "qmsuspend", qemu_power.hibernate)
_PAUSE = _Step("Suspending", lambda g: "qmpause", qemu_power.pause)


def _shutting_down(call: Call, force: bool) -> _Step:
    timeout_s = call.number("timeout", _SHUTDOWN_S)

    async def work(work: _tasks.Work, guest: Guest) -> None:
        if guest.is_qemu:
            _guest.check_lock(guest)
            await qemu_power.shut_down(work, guest, timeout_s, force)
        elif guest.is_running:
            await lxc_power.shut_down(work, guest)

    return _Step("Stopping", lambda g: "qmshutdown" if g.is_qemu else "vzshutdown", work)


def _moving(call: Call) -> _Step:
    target = call.text("target")

    async def work(work: _tasks.Work, guest: Guest) -> None:
        await (qemu_migrate.move if guest.is_qemu else lxc_migrate.move)(work, call, guest, target)

    return _Step("Migrating", lambda g: "qmigrate" if g.is_qemu else "vzmigrate", work)


def _movable(call: Call) -> list[Guest]:
    target = call.text("target")
    return [g for running in (True, False) for g in _named(call, running) if g.node != target]


@answers("POST", _NODE + "startall")
def start_all(call: Call) -> str:
    """Those that start with the node; all of them by force."""
    _check(call, "VM.PowerMgmt")
    return _run(call, "startall", _named(call, running=False, onboot_only=not call.flag("force")), _START)


@answers("POST", _NODE + "stopall")
def stop_all(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    return _run(
        call, "stopall", _named(call, running=True), _shutting_down(call, call.flag("force-stop", default=True))
    )


@answers("POST", _NODE + "suspendall")
def suspend_all(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    return _run(call, "suspendall", [g for g in _named(call, running=True) if g.is_qemu], _SUSPEND)


@answers("POST", _NODE + "migrateall")
def migrate_all(call: Call) -> str:
    _check(call, "VM.Migrate")
    target = call.text("target")
    if target == call.node.name:
        refuse(target="target is local node.")
    if target not in call.cluster.nodes:
        die(f"no such cluster node '{target}'")
    return _run(call, "migrateall", _movable(call), _moving(call))


def _list(call: Call, guests: list[Guest]) -> str:
    return ", ".join(call.items("vms") or [str(g.vmid) for g in guests])


@answers("POST", _CLUSTER + "start")
def bulk_start(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = _named(call, running=False)
    return _run(call, "bulk-start", guests, _START, f"Starting guests: {_list(call, guests)}")


@answers("POST", _CLUSTER + "shutdown")
def bulk_shutdown(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = _named(call, running=True)
    step = _shutting_down(call, call.flag("force-stop", default=True))
    return _run(call, "bulk-shutdown", guests, step, f"Shutting down guests: {_list(call, guests)}")


@answers("POST", _CLUSTER + "suspend")
def bulk_suspend(call: Call) -> str:
    _check(call, "VM.PowerMgmt")
    guests = [g for g in _named(call, running=True) if g.is_qemu]
    step = _SUSPEND if call.flag("to-disk") else _PAUSE
    return _run(call, "bulk-suspend", guests, step, f"Suspending guests: {_list(call, guests)}")


@answers("POST", _CLUSTER + "migrate")
def bulk_migrate(call: Call) -> str:
    """The task itself finds out that there is no such node."""
    _check(call, "VM.Migrate")
    if call.text("target") not in call.cluster.nodes:

        def fail(work: _tasks.Work) -> None:
            die(f"no such cluster node '{call.text('target')}'")

        return call.fork("bulk-migrate", "", fail)
    guests = _movable(call)
    return _run(call, "bulk-migrate", guests, _moving(call), f"Migrating guests: {_list(call, guests)}")
