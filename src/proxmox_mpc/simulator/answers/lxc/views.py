"""GET /nodes/{node}/lxc and status/current: containers as a node sees them."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _ha, _vitals
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_PRESSURES = tuple(f"pressure{kind}{part}" for kind in ("cpu", "io", "memory") for part in ("some", "full"))


def _row(cluster: Cluster, guest: Guest) -> dict[str, Any]:
    row: dict[str, Any] = {
        "vmid": guest.vmid,
        "name": guest.name,
        "type": "lxc",
        "status": "running" if guest.is_running else "stopped",
        "cpus": _vitals.cores(guest, cluster),
        "maxmem": _vitals.memory(guest),
        "maxswap": int(guest.live.get("swap", "512")) * 1024**2,
        "maxdisk": _vitals.disk(guest),
        "swap": 0,
        "diskread": 0,
        "diskwrite": 0,
        **_vitals.load(guest, cluster.now()),
    }
    row |= {key: guest.live[key] for key in ("tags", "lock") if key in guest.live}
    if guest.is_template:
        row["template"] = 1
    if guest.run:
        row["pid"] = guest.run.pid
        if cluster.version == "9.1":
            row |= dict.fromkeys(_PRESSURES, "0.00")
    return row


@answers("GET", "/nodes/{node}/lxc")
def listing(call: Call) -> Any:
    return [
        _row(call.cluster, guest)
        for guest in call.cluster.guests_on(call.node.name, "lxc")
        if call.is_root or call.may(f"/vms/{guest.vmid}", "VM.Audit")
    ]


@answers("GET", "/nodes/{node}/lxc/{vmid}/status/current")
def current(call: Call) -> Any:
    return {**_row(call.cluster, _guest.of(call)), "ha": _ha.state_shown(call.cluster, _guest.of(call))}
