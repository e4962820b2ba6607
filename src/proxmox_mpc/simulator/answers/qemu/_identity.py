"""What tells one virtual machine from another: addresses of its network devices, the UUID of its board."""

from __future__ import annotations

from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.state.cluster import Cluster


def with_mac(cluster: Cluster, text: str, *, fresh: bool = False) -> str:
    """A network device with an address; PVE makes one up when none is given, or a fresh one is wanted."""
    parts = _drives.parse_net(text)
    if fresh or "macaddr" not in parts:
        parts["macaddr"] = cluster.new_mac()
    return _drives.show_net(parts)


def with_uuid(cluster: Cluster, text: str, *, fresh: bool = False) -> str:
    """Board settings with a UUID: the given one, if there is one and no fresh one is wanted."""
    if "uuid=" in text and not fresh:
        return text
    rest = [part for part in text.split(",") if part and not part.startswith("uuid=")]
    return ",".join([f"uuid={cluster.new_uuid()}", *rest])
