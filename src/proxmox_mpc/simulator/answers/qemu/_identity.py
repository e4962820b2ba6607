"""What tells one virtual machine from another: addresses of its network devices, the UUID and the age of its board."""

from __future__ import annotations

from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.conf import Section

_WINDOWS = frozenset("wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11".split())
_BOARDS = {"": "pc-i440fx-", "pc": "pc-i440fx-", "q35": "pc-q35-", "virt": "virt-"}


def with_pinned_machine(settings: Section, qemu_version: str) -> Section:
    """A new Windows guest keeps the board that it was made with (PVE::API2::Qemu, create_vm, 8.4 and 9.1)."""
    parts = _drives.parse(settings.get("machine", ""), "type")
    board = _BOARDS.get(parts.get("type", ""))
    if settings.get("ostype") not in _WINDOWS or board is None:
        return settings
    pinned = {**parts, "type": board + qemu_version.rpartition(".")[0]}
    return {**settings, "machine": _drives.show(pinned, "type")}


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
