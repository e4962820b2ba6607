"""GET /nodes/{node}/qemu and status/current: virtual machines as a node sees them."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _ha, _vitals
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_PRESSURES = tuple(f"pressure{kind}{part}" for kind in ("cpu", "io", "memory") for part in ("some", "full"))


def _row(cluster: Cluster, guest: Guest, full: bool) -> dict[str, Any]:
    live = guest.live
    row: dict[str, Any] = {
        "vmid": guest.vmid,
        "name": guest.name,
        "status": "running" if guest.is_running else "stopped",
        "cpus": _vitals.cores(guest, cluster),
        "maxmem": _vitals.memory(guest),
        "maxdisk": _vitals.disk(guest),
        **_vitals.load(guest, cluster.now()),
    }
    if cluster.version == "9.1":
        row["memhost"] = row["mem"]
    row |= {key: live[key] for key in ("tags", "lock") if key in live}
    if guest.is_template:
        row["template"] = 1
    if any(re.fullmatch(r"serial\d+", key) for key in live):
        row["serial"] = 1
    if int(live.get("balloon", "0")):
        row |= {"balloon_min": int(live["balloon"]) * 1024**2, "shares": int(live.get("shares", "1000"))}
    if full:
        row["qmpstatus"] = "stopped" if not guest.run else "paused" if guest.run.paused else "running"
    if guest.run:
        row["pid"] = guest.run.pid
        if cluster.version == "9.1":
            row |= dict.fromkeys(_PRESSURES, 0)
    return row


def _running_details(guest: Guest) -> dict[str, Any]:
    """What only the running process knows."""
    if not guest.run:
        return {}
    disks = {
        k: {"rd_bytes": 0, "wr_bytes": 0, "rd_operations": 0, "wr_operations": 0}
        for k in guest.live
        if guest.is_volume_key(k)
    }
    details: dict[str, Any] = {
        "running-machine": guest.run.machine,
        "running-qemu": "10.0.2",
        "diskread": 0,
        "diskwrite": 0,
        "proxmox-support": {"backup-max-workers": True, "pbs-dirty-bitmap": True, "query-bitmap-info": True},
    }
    if disks:
        details["blockstat"] = disks
    nics = [k for k in guest.live if re.fullmatch(r"net\d+", k)]
    if nics:
        details["nics"] = {f"tap{guest.vmid}i{k[3:]}": {"netin": 0, "netout": 0} for k in nics}
    return details


@answers("GET", "/nodes/{node}/qemu")
def listing(call: Call) -> Any:
    full = call.flag("full")
    rows = []
    for guest in call.cluster.guests_on(call.node.name, "qemu"):
        if call.is_root or call.may(f"/vms/{guest.vmid}", "VM.Audit"):
            row = _row(call.cluster, guest, full)
            rows.append({**row, **_running_details(guest)} if full else row)
    return rows


@answers("GET", "/nodes/{node}/qemu/{vmid}/status/current")
async def current(call: Call) -> Any:
    guest = _guest.of(call)
    row = {**_row(call.cluster, guest, True), **_running_details(guest), "ha": _ha.state_shown(call.cluster, guest)}
    if _drives.parse(guest.live.get("agent", "0"), "enabled").get("enabled") in ("1", "on", "yes", "true"):
        row["agent"] = 1
    if machine := call.cluster.machines.get(guest.vmid):
        row |= {"qmpstatus": await machine.status(), "running-qemu": machine.qmp.version}
    if "vga" in guest.live:
        # Known only with a display configured, and then null without the VNC clipboard (vm-create-full, 9.1).
        parts = _drives.parse(guest.live["vga"], "type")
        row["clipboard"] = parts.get("clipboard")
        if parts.get("type", "").startswith("qxl"):
            row["spice"] = 1
    return row
