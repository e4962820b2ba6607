"""Whom a plan disturbs: guests that go down, move, or lose what they stand on, and what they serve."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import yaml

from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.kinds._field import Impact
from tests.lab import Lab, lab

BASE = {"name": "shown", "memory": 512, "ostype": "l26"}
GUESTS: list[dict[str, Any]] = [
    {"vmid": 201, "node": "pve-node1", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr7"},
    {"vmid": 202, "node": "pve-node2", "net0": "virtio=BC:24:11:00:00:02,bridge=vmbr7"},
    {"vmid": 203, "node": "pve-node1", "net0": "virtio=BC:24:11:00:00:03,bridge=lab1", "scsi0": "nas:203/vm-203-disk-0.raw,size=1G"},
]  # fmt: skip


def seed() -> dict[str, Any]:
    guests = [
        {"vmid": g["vmid"], "type": "qemu", "node": g["node"], "status": "running",
         "config": {**BASE, "name": f"g{g['vmid']}", **{k: v for k, v in g.items() if k not in ("vmid", "node")}}}
        for g in GUESTS
    ]  # fmt: skip
    stopped = {**guests[0], "vmid": 209, "status": "stopped", "config": {**guests[0]["config"], "name": "off"}}
    storages = [
        {"storage": "local", "type": "dir", "path": "/var/lib/vz", "content": "iso,vztmpl,images,rootdir,snippets"},
        {"storage": "local-lvm", "type": "lvmthin", "thinpool": "data", "vgname": "pve", "content": "images,rootdir"},
        {"storage": "nas", "type": "nfs", "server": "192.0.2.9", "export": "/x", "content": "images"},
    ]
    return {"guests": [*guests, stopped], "storages": storages}


def manifests(*items: tuple[str, str, dict[str, Any]]) -> str:
    return yaml.safe_dump_all(
        [
            {"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
            for kind, name, spec in items
        ]
    )


def told(plan: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(hit.guest, hit.how, hit.services) for hit in plan.blast]


@pytest.fixture
async def it() -> AsyncIterator[Lab]:
    async with lab(seed=seed(), as_root=True) as it:
        yield it


async def test_a_guest_that_restarts_is_named_with_what_it_serves(it: Lab) -> None:
    await it.pve.post("/cluster/ha/resources", {"sid": "vm:201"})
    both = manifests(("VirtualMachine", "g201", {"memory": 1024}), ("VirtualMachine", "g202", {"memory": 1024}))
    waits = await it.plan(both, adopt=True)
    assert told(waits) == []
    plan = await it.plan(both, adopt=True, allow=Impact.RESTART)
    assert told(plan) == [
        ("default/g201", "is restarted", ("HA service vm:201",)),
        ("default/g202", "is restarted", ()),
    ]
    moved = await it.plan(manifests(("VirtualMachine", "g202", {"state": "stopped"})), adopt=True)
    assert [(hit.how, hit.impact) for hit in moved.blast] == [("is shut down", Impact.STOP_START)]


async def test_replicas_that_go_down_name_their_set(it: Lab) -> None:
    def web(cores: int) -> str:
        spec = {"cpu": {"cores": cores}, "state": "running", "disks": [{"storage": "local-lvm", "size": "1G"}]}
        whole = {"kind": "VirtualMachine", "replicas": 2, "template": {"spec": spec}}
        return manifests(("GuestSet", "web", whole))

    await it.apply(web(1))
    plan = await it.plan(web(2), allow=Impact.RESTART)
    assert {services for _, _, services in told(plan)} == {("GuestSet default/web",)}
    assert len(plan.blast) == 2


async def test_guests_behind_a_bridge_are_those_of_its_node_that_run(it: Lab) -> None:
    await it.apply(manifests(("Bridge", "pve-node1/vmbr7", {"mtu": 1500})))
    changed = await it.plan(manifests(("Bridge", "pve-node1/vmbr7", {"mtu": 9000})))
    assert told(changed) == [("default/g201", "the network of pve-node1 is reloaded for vmbr7", ())]
    gone = await it.plan(manifests(("Pool", "other", {})), prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
    assert told(gone) == [("default/g201", "loses vmbr7", ())]


async def test_guests_behind_a_port_of_their_bridge(it: Lab) -> None:
    card = ("NetworkInterface", "pve-node1/eno2", {"mtu": 1500})
    await it.apply(manifests(card, ("Bridge", "pve-node1/vmbr7", {"ports": ["eno2"]})))
    card[2]["mtu"] = 9000
    plan = await it.plan(manifests(card, ("Bridge", "pve-node1/vmbr7", {"ports": ["eno2"]})))
    assert told(plan) == [("default/g201", "the network of pve-node1 is reloaded for eno2", ())]


async def test_guests_behind_a_virtual_network_and_a_storage(it: Lab) -> None:
    zone = ("SDNZone", "z1", {"type": "simple"})
    await it.apply(manifests(zone, ("SDNVNet", "lab1", {"zone": "z1"})))
    plan = await it.plan(manifests(zone, ("SDNVNet", "lab1", {"zone": "z1", "alias": "new"})))
    assert told(plan) == [("default/g203", "virtual network lab1 is reloaded under it", ())]
    storage = {"type": "nfs", "server": "192.0.2.9", "export": "/x", "content": ["images"]}
    off = await it.plan(manifests(("Storage", "nas", {**storage, "disable": True})), adopt=True)
    assert told(off) == [("default/g203", "has disks on nas", ())]


async def test_who_goes_down_anyway_is_named_once(it: Lab) -> None:
    bridge = ("Bridge", "pve-node1/vmbr7", {"mtu": 1500})
    await it.apply(manifests(bridge))
    bridge[2]["mtu"] = 9000
    plan = await it.plan(
        manifests(bridge, ("VirtualMachine", "g201", {"memory": 1024})), adopt=True, allow=Impact.RESTART
    )
    assert told(plan) == [("default/g201", "is restarted", ())]
