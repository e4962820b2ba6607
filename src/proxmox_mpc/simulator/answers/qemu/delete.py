"""DELETE /nodes/{node}/qemu/{vmid}: the machine and its volumes."""

from __future__ import annotations

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _removal


@answers("DELETE", "/nodes/{node}/qemu/{vmid}")
def delete(call: Call) -> str:
    if call.flag("skiplock") and not call.is_root:
        refuse(skiplock="Only root may use this option.")
    guest, vmid = _guest.of(call), call.vmid
    _removal.check_protection(guest)
    _removal.check_ties(call, guest)
    if guest.is_running:
        die(f"VM {vmid} is running - destroy failed")

    async def work(work: _tasks.Work) -> None:
        async with _guest.held(call.cluster, guest):
            _guest.check_lock(guest, skip=call.flag("skiplock"))
            if guest.is_running:
                die(f"VM {vmid} is running - destroy failed")
            await work.takes(1)
            _removal.remove(work, guest, call)

    return call.fork("qmdestroy", vmid, work)
