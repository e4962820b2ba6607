"""DELETE /nodes/{node}/lxc/{vmid}: the container and its volumes."""

from __future__ import annotations

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _removal


@answers("DELETE", "/nodes/{node}/lxc/{vmid}")
def delete(call: Call) -> str:
    guest, vmid, force = _guest.of(call), call.vmid, call.flag("force")
    _removal.check_protection(guest)
    _removal.check_ties(call, guest)
    if guest.is_running and not force:
        die(f"unable to destroy CT {vmid} - container is running")

    async def work(work: _tasks.Work) -> None:
        async with _guest.held(call.cluster, guest):
            _guest.check_lock(guest)
            if guest.is_running:
                if not force:
                    die(f"unable to destroy CT {vmid} - container is running")
                work.log(f"forced to stop CT {vmid} before destroying!")
                guest.run = None
            await work.takes(1)
            _removal.remove(work, guest, call)

    return call.fork("vzdestroy", vmid, work)
