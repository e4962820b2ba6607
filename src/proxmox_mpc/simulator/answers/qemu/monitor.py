"""Keys sent to virtual machines, and the monitor of QEMU."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _terminals
from proxmox_mpc.simulator.answers.qemu import power
from proxmox_mpc.simulator.consoles import keys
from proxmox_mpc.simulator.machines.qmp import QmpError


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
    if not guest.is_running:
        return f"ERROR: VM {guest.vmid} not running\n"
    if machine := call.cluster.machines.get(call.vmid):
        try:
            return await machine.qmp.say(command)
        except QmpError as error:
            return f"ERROR: {error}\n"
    if command == "info version":
        return "10.0.2 (pve-qemu-kvm_10.0.2-4)"
    return f"unknown command: '{(command.split() or [''])[0]}'"
