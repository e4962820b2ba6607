"""What a guest's manifest cannot say: contradictions, what this version lacks, what is not there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds._field import Impact
from tests.lab import Lab, lab

ROOTFS = {"storage": "local-lvm", "size": "2G"}
TEMPLATE = "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"


def vm(**spec: Any) -> str:
    head = {"apiVersion": "proxmox.io/v1", "kind": "VirtualMachine", "metadata": {"name": "it"}}
    return yaml.safe_dump({**head, "spec": {"node": "pve-node1", **spec}})


def container(**spec: Any) -> str:
    head = {"apiVersion": "proxmox.io/v1", "kind": "Container", "metadata": {"name": "it"}}
    return yaml.safe_dump({**head, "spec": {"node": "pve-node1", "ostemplate": TEMPLATE, "rootfs": ROOTFS, **spec}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (vm(memory=512, balloon=1024), "balloon: 1024 MiB is more than the memory"),
        (vm(balloon=1024), "balloon: 1024 MiB is more than the memory of 512"),
        (vm(cpu={"cores": 2, "vcpus": 4}), "cpu.vcpus: 4 is more than 2 cores in 1 sockets"),
        (vm(hugepages="2"), "hugepages: huge pages need NUMA"),
        (vm(hotplug=["memory"]), "memory cannot be hot-plugged without NUMA"),
        (vm(cpu={"numa": True}, numaNodes=[{"cpus": [0], "memory": 256}]), "numaNodes: they have 256 MiB together"),
        (vm(hostpci=[{"device": "01:00.0", "pcie": True}]), "machine pc has no PCIe"),
        (vm(hostpci=[{"device": "01:00.0", "mapping": "gpu"}]), "is a device or a mapping, not both"),
        (vm(usb=[{"usb3": True}]), "names neither a device nor a mapping"),
        (vm(hostpci=[{"mapping": "gpu"}]), "there is no PCIMapping 'gpu'"),
        (vm(virtiofs=[{"mapping": "media"}]), "there is no DirectoryMapping 'media'"),
        (vm(efiDisk={"storage": "local-lvm"}), "efiDisk: seabios does not use it"),
        (vm(cloudInit={"user": "amy"}), "nothing of it reaches the guest without a drive"),
        (vm(cloudInit={"storage": "local-lvm", "ipConfig": [{"gateway": "10.0.0.1"}]}), "a gateway needs an address"),
        (vm(amdSev="std", intelTdx="tdx"), "intelTdx: a host has AMD's processors or Intel's"),
        (vm(disks=[{"bus": "ide", "storage": "local", "size": "1G", "iothread": True}]), "ide0.iothread"),
        (vm(disks=[{"storage": "local", "size": "1G", "options": {"iops_rd": 5}}]), r"write spec\.disks\.0\.limits"),
        (vm(hookscript="local:snippets/none.pl"), "there is no volume 'local:snippets/none.pl'"),
        (vm(options={"rng0": "source=/dev/urandom"}), "write spec.rng"),
        (container(password="four"), "at least 5 characters"),
        (container(networks=[{"bridge": "vmbr0"}]), "net0.name"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_happens(lab: Lab, text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await lab.plan(text)
    assert message.replace("\\", "") in f"{caught.value} {caught.value.hint}"
    assert caught.value.place is not None
    assert lab.writes() == []


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (vm(allowKsm=False), "spec.allowKsm"),
        (vm(intelTdx="tdx"), "spec.intelTdx"),
        (vm(machine={"type": "q35", "awBits": 39}), "spec.machine.awBits"),
        (container(env=["A=1"]), "spec.env"),
        (
            container(mounts=[{"storage": "local-lvm", "size": "1G", "target": "/srv", "keepAttrs": True}]),
            "spec.mounts.mp0.keepAttrs",
        ),
    ],
)
async def test_what_a_version_lacks_is_refused_at_its_place_at_creation_and_later(text: str, field: str) -> None:
    async with lab(pve_version="8.4", as_root=True) as old:
        with pytest.raises(InvalidInput, match=f"{field}: PVE 8.4 has no "):
            await old.plan(text)
        document = yaml.safe_load(text)
        spec = document["spec"]
        kept = {name: spec[name] for name in ("node", "ostemplate", "rootfs") if name in spec}
        await old.apply(yaml.safe_dump({**document, "spec": kept}))
        with pytest.raises(InvalidInput, match=f"{field}: PVE 8.4 has no "):
            await old.plan(text)


async def test_a_contradiction_that_is_there_already_is_nobodys_business() -> None:
    conf = "name: it\nmemory: 512\nefidisk0: local-lvm:vm-150-disk-0,size=128K\nhostpci0: 01:00.0,pcie=1\n"
    async with lab(seed={"guests": [{"vmid": 150, "type": "qemu", "node": "pve-node1", "conf": conf}]}) as it:
        await it.apply(vm(onboot=True, bios="seabios"), adopt=True)
        assert (await it.config("vm", "it"))["onboot"] == 1
        with pytest.raises(InvalidInput, match="more than the memory"):
            await it.plan(vm(balloon=600))


async def test_what_a_guest_refers_to_is_made_before_it(lab: Lab) -> None:
    mapping = {"apiVersion": "proxmox.io/v1", "kind": "DirectoryMapping", "metadata": {"name": "media"}}
    both = vm(virtiofs=[{"mapping": "media"}]) + "---\n"
    both += yaml.safe_dump({**mapping, "spec": {"directories": ["node=pve-node1,path=/srv/media"]}})
    await lab.apply(both)
    assert (await lab.config("vm", "it"))["virtiofs0"] == "media"
    assert (await lab.plan(both)).is_empty


async def test_the_cost_of_a_change_is_what_happens_to_a_running_guest(lab: Lab) -> None:
    disk = {"storage": "local-lvm", "size": "1G"}
    await lab.apply(vm(state="running", disks=[disk]))
    for changed, impact in (({"limits": {"mbpsRd": 10}}, Impact.HOTPLUG), ({"ssd": True}, Impact.PENDING)):
        disk |= changed
        plan = await lab.apply(vm(state="running", disks=[disk]))
        assert [change.impact for step in plan.work for change in step.changes] == [impact]
        live = await lab.live("vm", "it")
        waiting = await lab.pve.get("/nodes/{node}/qemu/{vmid}/pending", live.identity)
        assert [row["key"] for row in waiting if "pending" in row] == (["scsi0"] if impact is Impact.PENDING else [])
