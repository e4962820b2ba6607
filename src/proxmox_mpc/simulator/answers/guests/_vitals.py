"""What a guest shows of itself: sizes from its configuration, made-up but steady loads while it runs."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import parse_size

MIB = 1024**2


def memory(guest: Guest) -> int:
    """Assigned memory in bytes."""
    text = guest.live.get("memory", "512").removeprefix("current=")
    return int(text.partition(",")[0]) * MIB


def cores(guest: Guest, cluster: Cluster) -> int:
    live = guest.live
    if guest.is_qemu:
        return int(live.get("vcpus") or int(live.get("sockets", 1)) * int(live.get("cores", 1)))
    if limit := live.get("cpulimit"):
        return max(1, int(float(limit) + 0.999)) if "cores" not in live else int(live["cores"])
    return int(live.get("cores") or cluster.nodes[guest.node].cpus)


def disk(guest: Guest) -> int:
    """Size in bytes of the disk that the guest boots from."""
    if not guest.is_qemu:
        return _size(guest.live.get("rootfs", ""))
    keys = _drives.boot_order(guest.live)
    drives = (guest.live[k] for k in keys if k in guest.live and guest.is_volume_key(k))
    return next((_size(drive) for drive in drives if not _drives.is_cdrom(drive)), 0)


def _size(drive: str) -> int:
    text = _drives.parse(drive).get("size", "")
    return parse_size(text) if text else 0


def load(guest: Guest, now: float) -> dict[str, Any]:
    """uptime, cpu, mem and traffic; zeros when it does not run. Derived from the VMID, so they do not jump."""
    if guest.run is None:
        return {"uptime": 0, "cpu": 0, "mem": 0, "netin": 0, "netout": 0, "disk": 0}
    uptime = int(now - guest.run.started)
    share = 0.2 + guest.vmid * 37 % 60 / 100
    return {
        "uptime": uptime,
        "cpu": (guest.vmid * 13 % 40) / 1000,
        "mem": int(memory(guest) * share),
        "netin": uptime * (100 + guest.vmid % 50),
        "netout": uptime * (60 + guest.vmid % 30),
        "disk": 0 if guest.is_qemu else disk(guest) // 10,
    }
