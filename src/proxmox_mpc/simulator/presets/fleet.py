"""Made-up guests in any number: varied, plausible, and the same for the same seed."""

from __future__ import annotations

import random

from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest, Run
from proxmox_mpc.simulator.state.storage import GIB, Volume

_ROLES = ("web", "db", "cache", "queue", "api", "batch", "mail", "git", "ci", "log", "proxy", "auth")
_STAGES = ("prod", "staging", "dev")
_FIRST_ID = 10_000


def add(cluster: Cluster, count: int, seed: int) -> None:
    """Spread `count` guests over the nodes; two of three are VMs, three of five run."""
    chance = random.Random(seed)  # noqa: S311 a repeatable fleet is wanted
    nodes = list(cluster.nodes)
    storage = "local-lvm" if "local-lvm" in cluster.storages else next(iter(cluster.storages))
    first = _FIRST_ID if any(v < _FIRST_ID for v in cluster.guests) or count > 800 else 100
    now = cluster.now()
    for number in range(count):
        vmid, node = first + number, nodes[number % len(nodes)]
        is_vm = chance.random() < 2 / 3
        guest = Guest(vmid, "qemu" if is_vm else "lxc", node)
        role, stage = chance.choice(_ROLES), chance.choice(_STAGES)
        size = chance.choice((8, 16, 32, 64, 100))
        volid = _disk(cluster, storage, node, vmid, size, now)
        tags = ";".join(sorted({role, stage, f"team-{chance.randrange(5)}"}))
        mac = "BC:24:11:" + ":".join(f"{chance.randrange(256):02X}" for _ in range(3))
        name = f"{role}-{stage}-{number:04d}"
        make = _vm if is_vm else _container
        guest.conf.live = make(name, tags, mac, f"{volid},size={size}G", chance)
        if chance.random() < 0.6:
            guest.run = Run(now - chance.randrange(60, 900_000), cluster.next_pid())
        cluster.guests[vmid] = guest
    _make_room(cluster)


def _make_room(cluster: Cluster) -> None:
    """Hosts that can carry what runs on them."""
    for node in cluster.nodes.values():
        here = [g.live for g in cluster.guests.values() if g.node == node.name and g.is_running]
        node.memory = max(node.memory, 2 * 1024**2 * sum(int(live.get("memory", "512")) for live in here))
        node.cpus = max(node.cpus, sum(int(live.get("cores", "1")) for live in here) // 4)


def _disk(cluster: Cluster, storage: str, node: str, vmid: int, size: int, now: float) -> str:
    is_file = cluster.storages[storage]["type"] == "dir"
    name = f"{vmid}/vm-{vmid}-disk-0.raw" if is_file else f"vm-{vmid}-disk-0"
    cluster.shelf(storage, node)[name] = Volume(
        name, "images", "raw", size * GIB, now, vmid, used=size * GIB // 20, has_os=True
    )
    return f"{storage}:{name}"


def _uuid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _vm(name: str, tags: str, mac: str, drive: str, chance: random.Random) -> dict[str, str]:
    live = {
        "agent": chance.choice(("1", "enabled=1", "1,fstrim_cloned_disks=1")),
        "boot": "order=scsi0;net0",
        "cores": str(chance.choice((1, 2, 4, 8))),
        "cpu": chance.choice(("host", "x86-64-v2-AES", "kvm64")),
        "memory": str(chance.choice((1024, 2048, 4096, 8192, 16384))),
        "meta": "creation-qemu=10.0.2,ctime=1763000000",
        "name": name,
        "net0": f"virtio={mac},bridge=vmbr0" + chance.choice(("", ",firewall=1", f",tag={chance.randrange(2, 200)}")),
        "onboot": str(chance.randrange(2)),
        "ostype": "l26",
        "scsi0": f"{drive.partition(',')[0]},discard=on,{drive.partition(',')[2]}",
        "scsihw": "virtio-scsi-single",
        "smbios1": f"uuid={_uuid(chance)}",
        "tags": tags,
        "vmgenid": _uuid(chance),
    }
    if chance.random() < 0.3:
        live["description"] = f"{name}: made up"
    return live


def _container(name: str, tags: str, mac: str, drive: str, chance: random.Random) -> dict[str, str]:
    return {
        "arch": "amd64",
        "cores": str(chance.choice((1, 2, 4))),
        "features": "nesting=1",
        "hostname": name,
        "memory": str(chance.choice((256, 512, 1024, 2048))),
        "net0": f"name=eth0,bridge=vmbr0,hwaddr={mac},ip=dhcp,type=veth",
        "onboot": str(chance.randrange(2)),
        "ostype": "debian",
        "rootfs": drive,
        "swap": "512",
        "tags": tags,
        "unprivileged": "1",
    }
