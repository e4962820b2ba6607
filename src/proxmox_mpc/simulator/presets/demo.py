"""A small working cluster to try things on."""

from __future__ import annotations

from proxmox_mpc.simulator.presets import empty
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.storage import GIB, Volume

CT_TEMPLATE = "vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"
ISO = "iso/debian-12.8.0-amd64-netinst.iso"
TEMPLATE_ID = 9000

_MIB = 1024**2


def make(nodes: int) -> Cluster:
    cluster = empty.make(nodes)
    cluster.name = "demo"
    cluster.storages["shared-nfs"] = {
        "type": "nfs",
        "server": "192.0.2.200",
        "export": "/export/pve",
        "content": "images,rootdir,iso,vztmpl,backup,snippets,import",
    }
    cluster.files["sizes"]["shared-nfs"] = {"total": 4096 * GIB}
    for node in cluster.nodes.values():
        bridge = {**node.interfaces["vmbr0"], "bridge_ports": "", "priority": 5}
        for key in ("address", "netmask", "cidr", "gateway"):
            bridge.pop(key)
        node.interfaces["vmbr1"] = {**bridge, "method": "manual"}
        _add_files(cluster, node.name)
    _add_template(cluster)
    return cluster


def _add_files(cluster: Cluster, node: str) -> None:
    shelf, now = cluster.shelf("local", node), cluster.now()
    shelf[CT_TEMPLATE] = Volume(CT_TEMPLATE, "vztmpl", "tzst", 120 * _MIB, now, used=120 * _MIB)
    shelf[ISO] = Volume(ISO, "iso", "iso", 631 * _MIB, now, used=631 * _MIB)


def _add_template(cluster: Cluster) -> None:
    node = next(iter(cluster.nodes))
    shelf, now = cluster.shelf("local-lvm", node), cluster.now()
    disk, seed = f"base-{TEMPLATE_ID}-disk-0", f"vm-{TEMPLATE_ID}-cloudinit"
    shelf[disk] = Volume(disk, "images", "raw", 4 * GIB, now, TEMPLATE_ID, used=GIB, has_os=True)
    shelf[seed] = Volume(seed, "images", "raw", 4 * _MIB, now, TEMPLATE_ID)
    template = Guest(TEMPLATE_ID, "qemu", node, born=0)
    template.conf.live = {
        "agent": "1",
        "boot": "order=scsi0",
        "cores": "1",
        "cpu": "x86-64-v2-AES",
        "ide2": f"local-lvm:{seed},media=cdrom,size=4M",
        "memory": "1024",
        "meta": "creation-qemu=10.0.2,ctime=1763000000",
        "name": "debian-12-template",
        "net0": "virtio=BC:24:11:00:90:00,bridge=vmbr0",
        "ostype": "l26",
        "scsi0": f"local-lvm:{disk},size=4G",
        "scsihw": "virtio-scsi-single",
        "serial0": "socket",
        "smbios1": "uuid=5a1e0d4c-7d3f-4a0e-9a52-0f4f0a5d9000",
        "template": "1",
        "vga": "serial0",
        "vmgenid": "0c5b3a40-51c5-4f7d-8f11-2d2f3a5d9000",
    }
    cluster.guests[TEMPLATE_ID] = template
