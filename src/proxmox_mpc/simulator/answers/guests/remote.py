"""Migration to another cluster: what can be checked here is; the other cluster cannot be reached from a simulator."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha


@answers("POST", "/nodes/{node}/qemu/{vmid}/remote_migrate", "/nodes/{node}/lxc/{vmid}/remote_migrate")
def migrate(call: Call) -> str:
    guest = _guest.of(call)
    _guest.check_lock(guest)
    if _ha.is_managed(call.cluster, guest):
        die("cannot migrate HA-managed guest to remote cluster")
    if guest.is_running and not call.flag("online") and not call.flag("restart"):
        die(f"can't migrate running {guest.word} without --online" + ("" if guest.is_qemu else " or --restart"))
    host = _drives.parse(call.text("target-endpoint"), "").get("host", "")
    raise ApiError(501, f"migration to another cluster ({host}) is not simulated yet\n")
