"""Starting and stopping containers."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _addresses, _drives, _guest, _ha
from proxmox_mpc.simulator.answers.lxc import _pending
from proxmox_mpc.simulator.answers.qemu._system import obeys
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest, Run

_STATUS = "/nodes/{node}/lxc/{vmid}/status/"
_START_S, _HALT_S = 1, 3

# How long a container gets to shut down when nobody said.
_SHUTDOWN_S = 60


async def start(work: _tasks.Work, guest: Guest) -> None:
    cluster = work.cluster
    async with _guest.held(cluster, guest):
        if guest.is_template:
            die("you can't start a CT if it's a template")
        _guest.check_lock(guest)
        _pending.apply(work, guest)
        for key, text in guest.live.items():
            volid = _drives.parse_volume(text)
            if guest.is_volume_key(key) and ":" in volid and cluster.volume(volid, guest.node) is None:
                die(f"volume '{volid}' does not exist")
            if key.startswith("net"):
                bridge = _drives.parse(text, "name").get("bridge")
                if bridge and not cluster.has_bridge(guest.node, bridge):
                    die(f"bridge '{bridge}' does not exist")
        await work.takes(_START_S)
        guest.run = Run(cluster.now(), cluster.next_pid())
        guest.touch()
        work.log(*cluster.container_start_log)


def _halt(work: _tasks.Work, guest: Guest) -> None:
    guest.run = None
    _pending.apply(work, guest)
    guest.touch()


def _skip(call: Call) -> bool:
    if call.flag("skiplock") and not call.is_root:
        refuse(skiplock="Only root may use this option.")
    return call.flag("skiplock")


def _check_running(cluster: Cluster, call: Call, word: str = "CT") -> Guest:
    guest = cluster.guests.get(call.vmid)
    if guest is None or guest.is_qemu or guest.node != call.node.name or not guest.is_running:
        die(f"{word} {call.vmid} not running")
    return guest


@answers("POST", _STATUS + "start")
def start_it(call: Call) -> str:
    _skip(call)
    cluster, vmid, node = call.cluster, call.vmid, call.node.name
    known = cluster.guests.get(vmid)
    if known and known.kind == "lxc" and known.node == node and known.is_running:
        die(f"CT {vmid} already running")
    if known and known.kind == "lxc" and known.node == node and _ha.is_managed(cluster, known):
        return _ha.start(call, known)
    return call.fork("vzstart", vmid, lambda work: start(work, _guest.find(cluster, node, "lxc", vmid)))


@answers("POST", _STATUS + "stop")
def stop(call: Call) -> str:
    skip, guest = _skip(call), _check_running(call.cluster, call)
    if _ha.is_managed(call.cluster, guest):
        return _ha.stop(call, guest, 0)

    async def work(work: _tasks.Work) -> None:
        _guest.check_lock(guest, skip=skip)
        await work.takes(1)
        _halt(work, guest)

    return call.fork("vzstop", call.vmid, work)


async def shut_down(work: _tasks.Work, guest: Guest) -> None:
    _guest.check_lock(guest)
    await work.takes(_HALT_S)
    _halt(work, guest)


@answers("POST", _STATUS + "shutdown")
def shutdown(call: Call) -> str:
    guest = _check_running(call.cluster, call)
    if _ha.is_managed(call.cluster, guest):
        return _ha.stop(call, guest, call.number("timeout", _SHUTDOWN_S))
    return call.fork("vzshutdown", call.vmid, lambda work: shut_down(work, guest))


@answers("POST", _STATUS + "reboot")
def reboot(call: Call) -> str:
    # The one answer that calls a container a VM (lxc-lifecycle, 9.1).
    guest = _check_running(call.cluster, call, "VM")

    async def work(work: _tasks.Work) -> None:
        await shut_down(work, guest)
        await start(work, guest)

    return call.fork("vzreboot", call.vmid, work)


@answers("POST", _STATUS + "suspend", _STATUS + "resume")
def freeze(call: Call) -> str:
    _check_running(call.cluster, call)
    raise ApiError(501, "freezing containers is not simulated yet\n")


@answers("GET", "/nodes/{node}/lxc/{vmid}/interfaces")
def interfaces(call: Call) -> Any:
    guest = call.cluster.guests.get(call.vmid)
    if guest is None or guest.is_qemu or not guest.is_running:
        return None
    # Without a system nobody sets addresses up, not even the loopback's (lxc-lifecycle, 9.1).
    has_system = obeys(call.cluster, guest)
    nothing = "00:00:00:00:00:00"
    rows = [_interface("lo", nothing, ["127.0.0.1/8", "::1/128"] if has_system else [])]
    for key in sorted(k for k in guest.live if k.startswith("net")):
        parts = _drives.parse(guest.live[key], "name")
        wanted = [
            _addresses.leased(guest) if parts.get("ip") == "dhcp" else parts.get("ip", ""),
            _addresses.leased6(guest) if parts.get("ip6") in ("auto", "dhcp") else parts.get("ip6", ""),
        ]
        found = [address for address in wanted if "/" in address] if has_system else []
        rows.append(_interface(parts["name"], parts.get("hwaddr", nothing).lower(), found))
    return rows


def _interface(name: str, mac: str, addresses: list[str]) -> dict[str, Any]:
    """An interface with its addresses in the old form, which has one of each family, and in the new."""
    row: dict[str, Any] = {"name": name, "hwaddr": mac, "hardware-address": mac, "ip-addresses": []}
    for text in addresses:
        address, _, bits = text.partition("/")
        family = "inet6" if ":" in address else "inet"
        row[family] = text
        row["ip-addresses"].append({"ip-address": address, "ip-address-type": family, "prefix": int(bits)})
    return row
