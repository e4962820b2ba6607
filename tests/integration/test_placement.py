"""New guests find their node on a cluster whose nodes are not alike, and the plan says why there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.actions._views import plan_view
from proxmox_mpc.kinds import _cordon
from proxmox_mpc.kinds._placement import NoPlace
from proxmox_mpc.simulator.state.ha import MAINTENANCE
from tests.lab import Lab, lab

ONE, TWO, THREE = "pve-node1", "pve-node2", "pve-node3"


def doc(kind: str, name: str, **spec: Any) -> str:
    return yaml.safe_dump({"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def vm(name: str = "web", **spec: Any) -> str:
    return doc("VirtualMachine", name, **spec)


async def reasons(it: Lab, text: str) -> dict[str, Any]:
    """Why the one new guest goes where it goes, as the plan's JSON says it."""
    (step,) = [step for step in plan_view(await it.plan(text)).steps if step.kind == "VirtualMachine"]
    assert step.choices["node"] == step.reasons["node"]["node"]
    assert step.reasons["node"]["text"] in step.note
    return dict(step.reasons["node"])


async def test_a_plan_explains_where_each_guest_goes_and_the_explanation_is_no_part_of_its_hash() -> None:
    async with lab(
        seed={"nodes": [{"name": ONE, "bridges": ["vmbr7"]}, TWO, {"name": THREE, "bridges": ["vmbr7"]}]}
    ) as it:
        it.sim.cluster.ha.nodes[THREE] = MAINTENANCE
        text = vm(networks=[{"bridge": "vmbr7"}])
        why = await reasons(it, text)
        assert why["node"] == ONE
        assert why["unfit"] == {TWO: "has no bridge vmbr7", THREE: "is in maintenance mode"}
        assert why["text"].startswith(f"on {ONE}: the only one that fits (")
        before = (await it.plan(text)).hash
        it.sim.cluster.ha.nodes.clear()
        assert (await it.plan(text)).hash == before


async def test_a_node_that_is_cordoned_gets_no_new_guests_but_by_name() -> None:
    async with lab() as it:
        block = _cordon.Cordon("amy", "2026-11-21 10:00 UTC").block()
        for node in (ONE, TWO):
            await it.pve.put("/nodes/{node}/config", {"node": node, "description": f"Rack 4\n\n{block}"})
        why = await reasons(it, vm())
        assert why["node"] == THREE
        assert why["unfit"][ONE] == "is cordoned by amy since 2026-11-21 10:00 UTC"
        await it.apply(vm("other", node=ONE))
        assert (await it.live("vm", "other")).identity["node"] == ONE


async def test_a_guest_goes_where_the_device_behind_its_mapping_is() -> None:
    async with lab(as_root=True) as it:
        usb = {"id": "dongle", "map": [f"node={TWO},id=0529:0001"]}
        await it.pve.post("/cluster/mapping/usb", usb)
        text = vm(usb=[{"mapping": "dongle"}])
        why = await reasons(it, text)
        assert (why["node"], why["unfit"][ONE]) == (TWO, "has nothing for USBMapping dongle")
        made = doc("USBMapping", "stick", devices=[f"node={THREE},id=0529:0002"])
        assert (await reasons(it, vm(usb=[{"mapping": "stick"}]) + "---\n" + made))["node"] == THREE


async def test_a_guest_with_more_cores_than_any_node_has_finds_none() -> None:
    async with lab() as it:
        with pytest.raises(NoPlace) as refused:
            await it.plan(vm(cpu={"cores": 128, "sockets": 2}))
        assert all(node in refused.value.message for node in (ONE, TWO, THREE))
        assert "fewer than its 256 cores" in refused.value.message
        assert it.writes() == []


async def test_a_disk_goes_where_its_storage_has_room_for_it() -> None:
    async with lab() as it:
        it.sim.cluster.files["sizes"]["local-lvm"] = {"total": 64 << 30}
        with pytest.raises(NoPlace, match="GiB left on local-lvm"):
            await it.plan(vm(disks=[{"storage": "local-lvm", "size": "100G"}]))
        await it.plan(vm(disks=[{"storage": "local-lvm", "size": "40G"}]))


async def test_a_linked_clone_stays_with_its_template() -> None:
    async with lab() as it:
        why = await reasons(it, vm(template="debian-12-template", clone="linked"))
        assert why["node"] == ONE
        assert "a linked clone shares its disk" in why["unfit"][TWO]


async def test_strict_rules_of_high_availability_decide_for_a_guest_whose_vmid_is_known() -> None:
    async with lab() as it:
        resource = doc("HAResource", "vm:150", state="started")
        rule = doc("HARule", "home", type="node-affinity", resources=["vm:150"], nodes=[TWO], strict=True)
        why = await reasons(it, "---\n".join([vm(vmid=150), resource, rule]))
        assert (why["node"], why["unfit"][ONE]) == (TWO, f"is not where an HA rule keeps it ({TWO})")


async def test_guests_that_stay_apart_from_others_are_not_joined_by_those_later() -> None:
    async with lab() as it:
        loner = vm("a", tags=["quiet"], placement={"antiAffinity": ["noisy"], "policy": "binpack"}, memory=4096)
        plan = await it.plan(loner + "---\n" + vm("b", tags=["noisy"], placement={"policy": "binpack"}))
        assert len({step.choices["node"] for step in plan.work}) == 2


async def test_what_nodes_have_is_asked_once_however_many_guests_need_a_place() -> None:
    async with lab() as it:
        await it.plan("---\n".join(vm(f"web{number}") for number in range(12)))
        paths = [path for _, path in it.sim.requests]
        assert paths.count("/cluster/ha/status/manager_status") == 1
        assert sorted(path for path in paths if path.endswith("/config")) == [
            f"/nodes/{node}/config" for node in (ONE, TWO, THREE)
        ]
        assert not any(path.startswith("/cluster/mapping") for path in paths)
