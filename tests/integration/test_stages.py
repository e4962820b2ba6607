"""Virtual networks are written, then applied once; nobody else's waiting changes are applied by accident."""

from __future__ import annotations

import asyncio

import pytest
import yaml

from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.order import NeedsCycle
from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.engine.stages import Stages
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds import find_kind
from tests.integration.test_every_kind import manifest
from tests.lab import lab

NETWORK = [
    manifest("SDNZone", "lab", {"type": "simple", "ipam": "pve"}),
    manifest("SDNVNet", "lab1", {"zone": "lab"}),
    manifest("SDNVNet", "lab2", {"zone": "lab"}),
    manifest("SDNSubnet", "lab1/10.0.0.0/24", {"gateway": "10.0.0.1"}),
]
GUEST = manifest("VirtualMachine", "web", {"memory": 512, "state": "running", "networks": [{"bridge": "lab1"}]})
APPLY = ("PUT", "/cluster/sdn")


async def test_all_of_it_is_applied_once_and_guests_wait_for_that() -> None:
    async with lab() as it:
        text = yaml.safe_dump_all([GUEST, *NETWORK])
        await it.apply(text)
        writes = [path for method, path in it.writes()]
        assert it.writes().count(APPLY) == 1
        assert writes.index("/cluster/sdn") > writes.index("/cluster/sdn/vnets/lab1/subnets")
        assert next(i for i, path in enumerate(writes) if path.endswith("/qemu")) > writes.index("/cluster/sdn")
        assert (await it.plan(text)).is_empty
        assert [row for row in await it.pve.get("/cluster/sdn/zones", {"pending": 1}) if row.get("state")] == []


async def test_a_change_that_somebody_else_left_waiting_is_not_applied() -> None:
    async with lab() as it:
        await it.pve.post("/cluster/sdn/zones", {"zone": "theirs", "type": "simple"})
        with pytest.raises(
            ApplyFailed, match="changes that are not of this plan wait to be applied: SDNZone theirs"
        ) as said:
            await it.apply(yaml.safe_dump_all(NETWORK))
        assert "Datacenter → SDN" in str(said.value)
        assert it.writes() == [("POST", "/cluster/sdn/zones")]
        assert await it.pve.get("/cluster/sdn/vnets") == []


async def test_a_fabric_that_somebody_else_left_waiting_counts_too() -> None:
    async with lab() as it:
        await it.pve.post("/cluster/sdn/fabrics/fabric", {"id": "theirs", "protocol": "ospf", "area": "0"})
        with pytest.raises(ApplyFailed, match="wait to be applied: SDNFabric theirs"):
            await it.apply(yaml.safe_dump_all(NETWORK))


async def test_an_older_cluster_has_no_fabrics_and_applies_its_networks_without() -> None:
    async with lab(pve_version="8.4") as it:
        with pytest.raises(InvalidInput, match="has no SDNFabric") as said:
            await it.plan(yaml.safe_dump(manifest("SDNFabric", "spine", {"protocol": "ospf"})))
        assert "9.0" in said.value.hint
        await it.apply(yaml.safe_dump_all(NETWORK))
        assert it.writes()[-1] == APPLY


async def test_what_a_killed_apply_wrote_is_applied_by_the_next() -> None:
    async with lab() as it:
        text = yaml.safe_dump_all(NETWORK)
        it.sim.faults.answer(status=596, method="PUT", path="/cluster/sdn$", times=-1)
        with pytest.raises(ApplyFailed):
            await it.apply(text)
        it.sim.faults.clear()
        plan = await it.plan(text)
        assert {step.note for step in plan.work} == {"is written, and waits to be applied"}
        await it.apply(text)
        assert (await it.plan(text)).is_empty
        assert [row for row in await it.pve.get("/cluster/sdn/vnets", {"pending": 1}) if row.get("state")] == []


async def test_a_network_that_could_not_be_applied_has_failed_and_its_guests_are_not_tried() -> None:
    async with lab() as it:
        it.sim.faults.fail_task(type="reloadnetworkall", error="no")
        with pytest.raises(ApplyFailed) as said:
            await it.apply(yaml.safe_dump_all([GUEST, *NETWORK]))
        outcomes = {outcome.key.kind: outcome.status for outcome in said.value.outcomes}
        assert outcomes == {
            "SDNZone": "failed",
            "SDNVNet": "failed",
            "SDNSubnet": "failed",
            "VirtualMachine": "skipped",
        }


BRIDGES = [
    manifest("Bridge", "pve-node1/vmbr7", {"cidr": "10.7.0.1/24", "autostart": True}),
    manifest("Bridge", "pve-node1/vmbr8", {"autostart": True}),
    manifest("Bridge", "pve-node2/vmbr7", {"cidr": "10.7.0.2/24", "autostart": True}),
]


def reloads(writes: list[tuple[str, str]]) -> list[str]:
    return sorted(path for method, path in writes if method == "PUT" and path.endswith("/network"))


async def test_the_interfaces_of_a_node_are_applied_once() -> None:
    async with lab() as it:
        await it.apply(yaml.safe_dump_all(BRIDGES))
        assert reloads(it.writes()) == ["/nodes/pve-node1/network", "/nodes/pve-node2/network"]
        assert (await it.plan(yaml.safe_dump_all(BRIDGES))).is_empty
        assert it.sim.cluster.nodes["pve-node1"].planned_interfaces is None


async def test_of_interfaces_that_cannot_all_be_written_none_is_applied() -> None:
    async with lab() as it:
        wrong = manifest("Bridge", "pve-node1/vmbr9", {"ports": ["eno1"]})
        with pytest.raises(ApplyFailed, match="eno1 is already used on interface 'vmbr0'"):
            await it.apply(yaml.safe_dump_all([*BRIDGES, wrong]))
        nodes = it.sim.cluster.nodes
        assert ("vmbr7" in nodes["pve-node1"].interfaces, "vmbr7" in nodes["pve-node2"].interfaces) == (False, True)
        assert nodes["pve-node1"].planned_interfaces is None


async def test_interfaces_that_somebody_else_left_waiting_are_not_applied() -> None:
    async with lab() as it:
        theirs = {"node": "pve-node1", "iface": "vmbr5", "type": "bridge"}
        await it.pve.post("/nodes/{node}/network", theirs)
        with pytest.raises(ApplyFailed, match="wait to be applied: Bridge pve-node1/vmbr5"):
            await it.apply(yaml.safe_dump_all(BRIDGES))
        assert "vmbr7" not in it.sim.cluster.nodes["pve-node1"].interfaces
        assert "vmbr7" in it.sim.cluster.nodes["pve-node2"].interfaces


async def test_bridges_that_are_pruned_on_two_nodes_go_there_and_stay_elsewhere() -> None:
    """Their identity differs in nothing but the node."""
    head = "apiVersion: proxmox.io/v1\nkind: Bridge\nmetadata: {{ name: {}/vmbr7 }}\nspec: {{ comment: {} }}\n"
    one, two, three = (head.format(f"pve-node{number}", f"of {number}") for number in (1, 2, 3))
    async with lab() as it:
        await it.apply("---\n".join([one, two, three]))
        assert (await it.plan("---\n".join([one, two, three]), prune=True)).is_empty
        plan = await it.apply(three, prune=True)
        assert {step.key.name for step in plan.work} == {"pve-node1/vmbr7", "pve-node2/vmbr7"}
        left = {live.key.name: live.fields["comment"] for live in await it.lives("Bridge") if "vmbr7" in live.key.name}
        assert left == {"pve-node3/vmbr7": "of 3"}


def staged(kind: str, name: str, spec: str) -> str:
    return f"apiVersion: proxmox.io/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec: {spec}\n"


async def test_what_waits_on_several_places_is_deleted_in_one_go() -> None:
    """Each place takes its turn as a whole: to wait for each other's parts would never end."""
    parts = [staged("SDNFabric", "spine", "{ protocol: openfabric, ipPrefix: 10.9.0.0/24 }")]
    parts += [staged("SDNZone", "lab", "{ type: simple }"), staged("SDNVNet", "lab1", "{ zone: lab }")]
    parts += [staged("Storage", "more", "{ type: dir, path: /srv/more, content: [iso] }")]
    for node in ("pve-node1", "pve-node2"):
        parts += [staged("Bridge", f"{node}/vmbr7", "{ comment: Guests }")]
        parts += [staged("VLAN", f"{node}/vmbr0.20", "{ comment: Storage }"), staged("NodeTime", node, "{ zone: UTC }")]
    async with lab() as it:
        await it.apply("---\n".join(parts))
        await asyncio.wait_for(it.apply("", prune=True, allow=7, most_deletions=99), 30)
        assert not it.journal.owned
        left = {live.key.name for kind in ("Bridge", "VLAN", "SDNZone") for live in await it.lives(kind)}
        assert not {name for name in left if "vmbr7" in name or ".20" in name or name == "lab"}


async def test_a_circle_of_places_is_refused_before_anything_is_sent() -> None:
    first, second = (find_kind("br").key(f"pve-node{number}/vmbr7") for number in (1, 2))
    steps = {key: Step(key, Action.CREATE, needs=(other,)) for key, other in ((first, second), (second, first))}
    async with lab() as it:
        with pytest.raises(NeedsCycle, match="wait for each other"):
            Stages(it.view(), find_kind, steps, lambda step: None).refuse_circles()  # type: ignore[arg-type,return-value]
