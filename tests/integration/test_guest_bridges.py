"""The bridges that guests plug into are looked for before a guest is made, and decide where it can be."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput
from tests.lab import Lab, lab

ONE, TWO, THREE = "pve-node1", "pve-node2", "pve-node3"
# Only the second node has it.
SEED = {"nodes": [ONE, {"name": TWO, "bridges": ["vmbr7"]}, THREE]}


def doc(kind: str, name: str, **spec: Any) -> str:
    return yaml.safe_dump({"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def vm(bridge: str, name: str = "web", **spec: Any) -> str:
    return doc("VirtualMachine", name, networks=[{"bridge": bridge}], **spec)


def container(bridge: str, **spec: Any) -> str:
    given = {"ostemplate": "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"}
    given |= {"rootfs": {"storage": "local-lvm", "size": "1G"}}
    return doc("Container", "db", networks=[{"name": "eth0", "bridge": bridge}], **given, **spec)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (vm("vmbr9"), "spec.networks.net0.bridge: there is no bridge 'vmbr9'", "there: vmbr0, vmbr7"),
        (vm("vmbr9", node=ONE), "there is no bridge 'vmbr9'", "there: vmbr0"),
        (vm("vmbr7", node=ONE), "there is no bridge 'vmbr7' on pve-node1", "vmbr7 is on pve-node2"),
        (vm("vmbr7", placement={"nodes": [ONE, THREE]}), "'vmbr7' on pve-node1, pve-node3", "vmbr7 is on pve-node2"),
        (container("vmbr9", node=ONE), "spec.networks.net0.bridge: there is no bridge 'vmbr9'", "there: vmbr0"),
    ],
)
async def test_a_bridge_that_is_nowhere_is_refused_at_its_place(text: str, message: str, hint: str) -> None:
    async with lab(seed=SEED) as it:
        if "ostemplate" in text:
            it.sim.cluster.storages["local"]["content"] += ",vztmpl"
        with pytest.raises(InvalidInput) as caught:
            await it.plan(text)
        assert message in str(caught.value)
        assert hint in caught.value.hint
        assert caught.value.place is not None
        assert caught.value.place.line > 1
        assert it.writes() == []


async def test_a_guest_goes_where_its_bridge_is() -> None:
    async with lab(seed=SEED) as it:
        await it.apply("---\n".join(vm("vmbr7", f"web{n}") for n in range(3)))
        assert {live.identity["node"] for live in await it.lives("vm")} == {TWO}


async def test_a_clone_goes_where_its_templates_bridge_is() -> None:
    template = {
        "vmid": 900,
        "type": "qemu",
        "node": ONE,
        "config": {"name": "golden", "template": 1, "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr7"},
    }
    async with lab(seed={**SEED, "guests": [template]}) as it:
        await it.apply(doc("VirtualMachine", "web", template="golden"))
        assert (await it.live("vm", "web")).identity["node"] == TWO


@pytest.mark.parametrize(
    "network",
    [
        doc("Bridge", f"{THREE}/vmbr9", autostart=True),
        doc("SDNZone", "lab", type="simple") + "---\n" + doc("SDNVNet", "vmbr9", zone="lab"),
    ],
)
async def test_a_network_that_is_made_in_the_same_go_counts(network: str) -> None:
    async with lab(seed=SEED) as it:
        both = vm("vmbr9", state="running") + "---\n" + network
        await it.apply(both)
        assert (await it.plan(both)).is_empty
        if "kind: Bridge" in network:
            assert (await it.live("vm", "web")).identity["node"] == THREE
            with pytest.raises(InvalidInput, match="there is no bridge 'vmbr9' on pve-node1"):
                await it.plan(vm("vmbr9", "other", node=ONE))


async def test_a_vnet_that_waits_to_be_applied_counts() -> None:
    async with lab(seed=SEED) as it:
        await it.pve.post("/cluster/sdn/zones", {"zone": "lab", "type": "simple"})
        await it.pve.post("/cluster/sdn/vnets", {"vnet": "later", "zone": "lab"})
        await it.apply(vm("later", node=ONE))


async def test_only_what_is_new_is_looked_for() -> None:
    guest = {"vmid": 150, "type": "qemu", "node": ONE, "config": {"name": "web", "net0": "virtio,bridge=vmbr9"}}
    async with lab(seed={**SEED, "guests": [guest]}) as it:
        before = it.sim.requests.total
        await it.apply(vm("vmbr9", onboot=True), adopt=True)
        assert not any(path.endswith("/network") for _, path in list(it.sim.requests)[before - it.sim.requests.total :])
        with pytest.raises(InvalidInput, match="there is no bridge 'vmbr8'"):
            await it.plan(vm("vmbr8"))


async def test_each_node_is_asked_once(lab: Lab) -> None:
    await lab.plan("---\n".join(vm("vmbr0", f"web{n}") for n in range(10)))
    asked = [path for _, path in lab.sim.requests if path.endswith("/network")]
    assert sorted(asked) == [f"/nodes/{node}/network" for node in (ONE, TWO, THREE)]
