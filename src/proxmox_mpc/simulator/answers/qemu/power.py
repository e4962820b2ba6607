"""Starting, stopping and pausing virtual machines."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _terminals, _volumes
from proxmox_mpc.simulator.answers.qemu import _machine, _memory, _pending
from proxmox_mpc.simulator.answers.qemu._system import obeys
from proxmox_mpc.simulator.machines.machine import Machine
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest, Run

_STATUS = "/nodes/{node}/qemu/{vmid}/status/"

# How long a guest gets to shut down when nobody said.
_SHUTDOWN_S = 180

# How long booting and an orderly shutdown take on hardware, as far as the API notices.
_START_S, _HALT_S = 2, 5


def _managed(call: Call) -> Guest | None:
    """The guest, if it is there and the HA manager's."""
    guest = call.cluster.guests.get(call.vmid)
    is_here = guest is not None and guest.is_qemu and guest.node == call.node.name
    return guest if is_here and _ha.is_managed(call.cluster, guest) else None


def _may_skip_lock(call: Call) -> bool:
    if call.flag("skiplock") and not call.is_root:
        refuse(skiplock="Only root may use this option.")
    return call.flag("skiplock")


async def start(work: _tasks.Work, guest: Guest, skip_lock: bool = False) -> None:
    """Switch on. The checks and their order are those of `vm_start` (vm-lifecycle, 9.1)."""
    cluster = work.cluster
    async with _guest.held(cluster, guest):
        suspended = guest.live.get("lock") == "suspended"
        if not suspended:
            _guest.check_lock(guest, skip=skip_lock)
        if guest.is_template:
            die("you can't start a vm if it's a template")
        if guest.is_running:
            die(f"VM {guest.vmid} already running")
        is_real_memory = suspended and guest.live.get("runningmachine") == _machine.HIBERNATED
        if suspended:
            if state := guest.live.get("vmstate"):
                _volumes.remove(cluster, state, guest.node)
            for key in ("lock", "vmstate", "runningmachine"):
                guest.live.pop(key, None)
        _pending.apply(work, guest)
        _check_hardware(cluster, guest)
        await work.takes(_START_S)
        if cluster.host:
            await _machine.start(work, cluster.host, guest, memory_of=_machine.HIBERNATED if is_real_memory else "")
        else:
            guest.run = Run(cluster.now(), cluster.next_pid())
        guest.touch()


def _check_hardware(cluster: Cluster, guest: Guest) -> None:
    for key, text in guest.live.items():
        if guest.is_volume_key(key):
            volid = _drives.parse_volume(text)
            if ":" in volid and cluster.volume(volid, guest.node) is None:
                die(f"volume '{volid}' does not exist")
        elif re.fullmatch(r"net\d+", key):
            bridge = _drives.parse_net(text).get("bridge")
            if bridge and not cluster.has_bridge(guest.node, bridge):
                die(f"bridge '{bridge}' does not exist")


def halt(work: _tasks.Work, guest: Guest) -> None:
    """Off, and what was pending becomes true."""
    guest.run = None
    _pending.apply(work, guest)
    guest.touch()


async def shut_down(work: _tasks.Work, guest: Guest, timeout_s: int, force: bool) -> None:
    if not guest.is_running:
        return
    if machine := work.cluster.machines.get(guest.vmid):
        await _shut_down_really(work, guest, machine, timeout_s, force)
        return
    if obeys(work.cluster, guest) and not (guest.run and guest.run.paused):
        await work.takes(min(_HALT_S, timeout_s))
        if timeout_s >= _HALT_S or not work.cluster.time_scale:
            halt(work, guest)
            return
    await work.waits(timeout_s, until=lambda: not guest.is_running)
    if not guest.is_running:
        return
    if not force:
        die("VM quit/powerdown failed - got timeout")
    work.log("VM still running - terminating now with SIGTERM")
    halt(work, guest)


async def _shut_down_really(work: _tasks.Work, guest: Guest, machine: Machine, timeout_s: int, force: bool) -> None:
    """Real guests take real time, whatever the time scale."""
    if not await machine.press_power_button(timeout_s):
        if not force:
            die("VM quit/powerdown failed - got timeout")
        work.log("VM still running - terminating now with SIGTERM")
        await machine.quit()
    halt(work, guest)


@answers("POST", _STATUS + "start")
def start_it(call: Call) -> str:
    skip, cluster, vmid, node = _may_skip_lock(call), call.cluster, call.vmid, call.node.name
    if managed := _managed(call):
        return _ha.start(call, managed)
    return call.fork("qmstart", vmid, lambda work: start(work, _guest.find(cluster, node, "qemu", vmid), skip))


@answers("POST", _STATUS + "stop")
def stop(call: Call) -> str:
    skip, cluster, vmid, node = _may_skip_lock(call), call.cluster, call.vmid, call.node.name
    if managed := _managed(call):
        return _ha.stop(call, managed, 0)

    async def work(work: _tasks.Work) -> None:
        guest = _guest.find(cluster, node, "qemu", vmid)
        if not guest.is_running:
            return
        _guest.check_lock(guest, skip=skip)
        await work.takes(1)
        if machine := cluster.machines.get(vmid):
            await machine.quit()
        halt(work, guest)

    return call.fork("qmstop", vmid, work)


@answers("POST", _STATUS + "shutdown")
def shutdown(call: Call) -> str:
    skip, cluster, vmid, node = _may_skip_lock(call), call.cluster, call.vmid, call.node.name
    timeout_s, force = call.number("timeout", _SHUTDOWN_S), call.flag("forceStop")
    known = cluster.guests.get(vmid)
    if known and known.run and known.run.paused and not force:
        die("VM is paused - cannot shutdown")
    if managed := _managed(call):
        return _ha.stop(call, managed, timeout_s)

    async def work(work: _tasks.Work) -> None:
        guest = _guest.find(cluster, node, "qemu", vmid)
        if guest.is_running:
            _guest.check_lock(guest, skip=skip)
        await shut_down(work, guest, timeout_s, force)

    return call.fork("qmshutdown", vmid, work)


def running(call: Call) -> Guest:
    """The guest, if it runs; a missing one does not run either."""
    guest = call.cluster.guests.get(call.vmid)
    if guest is None or not guest.is_qemu or guest.node != call.node.name or not guest.is_running:
        die(f"VM {call.vmid} not running")
    return guest


@answers("POST", _STATUS + "reboot")
def reboot(call: Call) -> str:
    guest, timeout_s = running(call), call.number("timeout", _SHUTDOWN_S)
    if guest.run and guest.run.paused:
        die("VM is paused - cannot shutdown")

    async def work(work: _tasks.Work) -> None:
        await shut_down(work, guest, timeout_s, False)
        await start(work, guest)

    return call.fork("qmreboot", call.vmid, work)


@answers("POST", _STATUS + "reset")
def reset(call: Call) -> str:
    skip, guest = _may_skip_lock(call), running(call)

    async def work(work: _tasks.Work) -> None:
        _guest.check_lock(guest, skip=skip)
        if machine := call.cluster.machines.get(call.vmid):
            await machine.qmp.run("system_reset")
        if guest.run:
            guest.run.started = call.cluster.now()
        _terminals.boot_again(call.cluster, guest)

    return call.fork("qmreset", call.vmid, work)


async def hibernate(work: _tasks.Work, guest: Guest, storage: str = "") -> None:
    """Memory to disk, then off; the lock stays until the guest is started again."""
    stamp = datetime.fromtimestamp(work.cluster.now(), UTC)
    guest.live["lock"] = "suspending"
    try:
        guest.live["vmstate"] = await _memory.save(work, guest, f"suspend-{stamp:%Y-%m-%d}", storage)
    finally:
        guest.live.pop("lock")
    if machine := work.cluster.machines.get(guest.vmid):
        await _machine.save_memory(machine, _machine.HIBERNATED)
        await machine.quit()
        guest.live["runningmachine"] = _machine.HIBERNATED
    guest.live["lock"] = "suspended"
    guest.run = None
    guest.touch()


async def pause(work: _tasks.Work, guest: Guest) -> None:
    if machine := work.cluster.machines.get(guest.vmid):
        await machine.qmp.run("stop")
    if guest.run:
        guest.run.paused = True


@answers("POST", _STATUS + "suspend")
def suspend(call: Call) -> str:
    skip, guest, to_disk = _may_skip_lock(call), running(call), call.flag("todisk")
    if to_disk and "statestorage" in call.params:
        call.cluster.storage(call.text("statestorage"))

    async def work(work: _tasks.Work) -> None:
        _guest.check_lock(guest, skip=skip)
        if to_disk:
            await hibernate(work, guest, call.text("statestorage"))
        else:
            await pause(work, guest)

    return call.fork("qmsuspend" if to_disk else "qmpause", call.vmid, work)


@answers("POST", _STATUS + "resume")
def resume(call: Call) -> str:
    skip = _may_skip_lock(call)
    known = call.cluster.guests.get(call.vmid)
    if known and known.live.get("lock") == "suspended":
        suspended = known
        return call.fork("qmresume", call.vmid, lambda work: start(work, suspended))
    guest = running(call)

    async def work(work: _tasks.Work) -> None:
        _guest.check_lock(guest, skip=skip)
        if machine := call.cluster.machines.get(call.vmid):
            await machine.qmp.run("cont")
        if guest.run:
            guest.run.paused = False

    return call.fork("qmresume", call.vmid, work)
