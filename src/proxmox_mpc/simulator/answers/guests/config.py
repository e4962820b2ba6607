"""Reading configurations: GET config and GET pending of both kinds of guests."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest


@answers("GET", "/nodes/{node}/qemu/{vmid}/config", "/nodes/{node}/lxc/{vmid}/config")
def read(call: Call) -> Any:
    guest = _guest.of(call)
    conf = guest.conf
    if "snapshot" in call.params:
        if call.flag("current"):
            text = "cannot use 'snapshot' parameter with 'current'"
            refuse(snapshot=text, current=text)
        name = call.text("snapshot")
        if name not in conf.snapshots:
            die(f"snapshot '{name}' does not exist")
        section = conf.snapshots[name]
    else:
        section = conf.live if call.flag("current") or not conf.pending else _guest.with_pending(conf)
    shown = _guest.typed(call, guest.kind, section)
    if not guest.is_qemu and "description" in shown:
        # A container's description ends with a newline when read back (lxc-create, 9.1).
        shown["description"] += "\n"
    shown["digest"] = guest.digest
    return shown


@answers("GET", "/nodes/{node}/qemu/{vmid}/pending", "/nodes/{node}/lxc/{vmid}/pending")
def pending(call: Call) -> Any:
    guest = _guest.of(call)
    live = _guest.typed(call, guest.kind, guest.live)
    waiting = _guest.typed(call, guest.kind, {k: v for k, v in guest.conf.pending.items() if k != "delete"})
    doomed = _guest.pending_deletes(guest.conf)
    if not guest.is_qemu and "description" in live:
        live["description"] += "\n"
    rows = []
    for key, value in live.items():
        row: dict[str, Any] = {"key": key, "value": value}
        if key in doomed:
            row["delete"] = 2 if doomed[key] else 1
        elif key in waiting:
            row["pending"] = waiting[key]
        rows.append(row)
    rows += [{"key": key, "pending": value} for key, value in waiting.items() if key not in live]
    return [*rows, {"key": "digest", "value": guest.digest}]
