"""Keys sent to virtual machines, and the monitor of QEMU."""

from __future__ import annotations

import re

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _terminals
from proxmox_mpc.simulator.answers.qemu import power
from proxmox_mpc.simulator.consoles import keys
from proxmox_mpc.simulator.machines.qmp import QmpError

# Anybody who may ask at all may ask these (PVE::API2::Qemu, 9.1).
_READ_ONLY = re.compile(r"\s*(?:info(?:\s.*)?|help\s*)", re.DOTALL)

# Of a real guest's monitor, what changes nothing but the guest. Others start programs, or read and write files, as the
# user who runs the simulator (`migrate exec:…`, `pmemsave`, `drive_add`).
_PASSED_ON = frozenset(
    "info help ? balloon boot_set c cont delvm device_del eject i loadvm mouse_button mouse_move mouse_set nmi o p"
    " print q quit s stop savevm sendkey set_link sum system_powerdown system_reset system_wakeup watchdog_action x"
    " xp".split()
)


@answers("PUT", "/nodes/{node}/qemu/{vmid}/sendkey")
async def send_key(call: Call) -> None:
    guest, key = power.running(call), call.text("key")
    if machine := call.cluster.machines.get(call.vmid):
        if said := await machine.qmp.say(f"sendkey {key}"):
            die(said.strip())
        return
    (await _terminals.display_of(call.cluster, guest)).type(keys.of_name(key))


@answers("POST", "/nodes/{node}/qemu/{vmid}/monitor")
async def monitor(call: Call) -> str:
    guest, command = _guest.of(call), call.text("command")
    if not _READ_ONLY.fullmatch(command):
        call.need(f"/vms/{guest.vmid}", "Sys.Modify")
    word = (command.split() or [""])[0]
    if not guest.is_running:
        return f"ERROR: VM {guest.vmid} not running\n"
    if machine := call.cluster.machines.get(call.vmid):
        if word not in _PASSED_ON:
            return f"ERROR: '{word}' is not passed on to a real guest: it could reach beyond it\n"
        try:
            return await machine.qmp.say(command)
        except QmpError as error:
            return f"ERROR: {error}\n"
    if command == "info version":
        return "10.0.2 (pve-qemu-kvm_10.0.2-4)"
    return f"unknown command: '{word}'"
