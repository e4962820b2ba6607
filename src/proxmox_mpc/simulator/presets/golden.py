"""The machine of the recordings: one node `pve1`, storage `local`, bridge `vmbr0`, root, and nothing else."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator.presets import empty
from proxmox_mpc.simulator.state.access import Access, User
from proxmox_mpc.simulator.state.cluster import Cluster, Node

# Sizes of that machine (node-views, 9.1).
_MEMORY = 25_276_514_304
_DISK = 270_553_174_016


# Its PCI devices: class, vendor, device, and whether the subsystem repeats the latter two (storage-node-views, 9.1).
_DEVICES = (
    ("0x060000", "0x8086", "0x0d57", False),
    ("0xffff00", "0x1af4", "0x1045", True),
    ("0x018000", "0x1af4", "0x1042", True),
    ("0x020000", "0x1af4", "0x1041", True),
    ("0xffff00", "0x1af4", "0x1053", True),
    ("0xffff00", "0x1af4", "0x1044", True),
)


def _devices() -> list[dict[str, Any]]:
    return [
        {
            "id": f"0000:00:{number:02x}.0",
            "class": kind,
            "vendor": vendor,
            "device": device,
            "subsystem_vendor": vendor if repeats else "0x0000",
            "subsystem_device": device if repeats else "0x0000",
            "iommugroup": -1,
        }
        for number, (kind, vendor, device, repeats) in enumerate(_DEVICES)
    ]


def make() -> Cluster:
    # Its HA daemons did not run: resources were kept, and nobody acted on them (ha-resources, 9.1); and its journal was
    # empty (node-views, 9.1).
    cluster = Cluster(bare_guests_obey=False, has_ready_token=False, has_ha_manager=False, has_journal=False)
    cluster.access = Access(users={"root@pam": User()}, realms=empty.realms())
    usual = empty.interfaces("192.0.2.2")
    interfaces = {"eth0": usual["eno1"], "vmbr0": usual["vmbr0"] | {"bridge_ports": "eth0"}}
    cluster.nodes["pve1"] = Node(
        "pve1", "192.0.2.2", cpus=2, memory=_MEMORY, disk=_DISK, booted=cluster.now() - 7000, interfaces=interfaces
    )
    cluster.nodes["pve1"].devices = _devices()
    cluster.storages["local"] = {
        "type": "dir",
        "path": "/var/lib/vz",
        "content": "images,rootdir,iso,vztmpl,backup,snippets,import",
        "prune-backups": "keep-all=1",
    }
    # LXC's monitor did not answer inside the recorded machine; its log says so at every start (lxc-lifecycle, 9.1).
    cluster.container_start_log = ["failed to connect to monitor socket: Connection refused"]
    return cluster
