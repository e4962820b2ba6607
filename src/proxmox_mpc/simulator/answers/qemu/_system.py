"""Whether an operating system is in a guest that nobody really runs."""

from __future__ import annotations

from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest


def obeys(cluster: Cluster, guest: Guest) -> bool:
    """Is there an operating system that follows an ACPI event?"""
    if cluster.bare_guests_obey:
        return True
    volids = [_drives.parse_volume(t) for k, t in guest.live.items() if guest.is_volume_key(k)]
    return any(v.has_os for volid in volids if ":" in volid and (v := cluster.volume(volid, guest.node)))
