"""Consoles: tickets for them are given out; the consoles themselves are not simulated yet."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _tasks, _tickets
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest

# The first display port.
_PORT = 5900


def _proxy(call: Call, kind: str) -> dict[str, Any]:
    guest = _guest.of(call)
    user = call.user

    async def work(work: _tasks.Work) -> None:
        # The real proxy waits ten seconds for somebody to connect.
        await work.takes(10)

    upid = call.fork(kind, guest.vmid, work)
    return {
        "user": user,
        "ticket": _tickets.make_ticket(call.cluster, user, "PVEVNC", f"/vms/{guest.vmid}"),
        "port": str(_PORT + call.cluster.next_pid() % 100),
        "upid": upid,
    }


@answers("POST", "/nodes/{node}/qemu/{vmid}/vncproxy", "/nodes/{node}/lxc/{vmid}/vncproxy")
def vnc(call: Call) -> Any:
    answer = {**_proxy(call, "vncproxy"), "cert": call.cluster.certificate}
    if call.flag("generate-password"):
        answer["password"] = f"{call.cluster.random.getrandbits(32):08x}"
    return answer


@answers("POST", "/nodes/{node}/qemu/{vmid}/termproxy", "/nodes/{node}/lxc/{vmid}/termproxy")
def terminal(call: Call) -> Any:
    guest = _guest.of(call)
    if guest.is_qemu and not any(k.startswith("serial") for k in guest.live):
        die("unable to find a serial interface")
    return _proxy(call, "vncproxy")


@answers("POST", "/nodes/{node}/qemu/{vmid}/spiceproxy", "/nodes/{node}/lxc/{vmid}/spiceproxy")
def spice(call: Call) -> Any:
    guest = _guest.of(call)
    if not guest.is_running:
        die(f"{guest.word} {guest.vmid} not running")
    die("no spice port")


@answers("GET", "/nodes/{node}/qemu/{vmid}/vncwebsocket", "/nodes/{node}/lxc/{vmid}/vncwebsocket")
def websocket(call: Call) -> Any:
    if not _tickets.is_ticket(call.cluster, call.text("vncticket"), call.user, "PVEVNC"):
        raise ApiError(401, "permission denied - invalid PVEVNC ticket\n")
    raise ApiError(501, "the display of a guest is not simulated yet\n")
