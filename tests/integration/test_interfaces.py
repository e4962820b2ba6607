"""Interfaces of a node name each other: what is not there is refused, and ports of Open vSwitch stay in their bridge."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.manifests import InvalidManifest
from proxmox_mpc.errors import InvalidInput
from tests.lab import Lab, lab

CARD = {"type": "eth", "method": "manual", "method6": "manual", "families": ["inet"], "exists": 1, "active": 1}
CARDS = {f"eno{n}": {**CARD, "priority": n + 2} for n in (1, 2, 3)}
SEED = {"nodes": [{"name": "pve-node1", "interfaces": CARDS}, {"name": "pve-node2", "interfaces": CARDS}]}
ONE = "/nodes/{node}/network/{iface}"


def where(iface: str) -> dict[str, str]:
    return {"node": "pve-node1", "iface": iface}


def doc(kind: str, name: str, **spec: Any) -> str:
    name = f"pve-node1/{name}"
    return yaml.safe_dump({"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


SWITCH = doc("Bridge", "vmbr5", type="OVSBridge", ovsPorts=["eno1"], autostart=True)
BOND = doc("Bond", "bond5", type="OVSBond", ovsBridge="vmbr5", ovsBonds=["eno2", "eno3"], mode="balance-slb")
PORT = doc("NetworkInterface", "mgmt", type="OVSIntPort", ovsBridge="vmbr5", ovsTag=20, cidr="10.20.0.1/24")
TAGGED = doc("NetworkInterface", "eno1", type="OVSPort", ovsBridge="vmbr5", ovsTag=7)
ALL = "---\n".join([PORT, TAGGED, BOND, SWITCH])


async def switch_ports(it: Lab) -> list[str]:
    return str((await it.pve.get(ONE, where("vmbr5")))["ovs_ports"]).split()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (doc("Bridge", "vmbr5", ports=["eno9"]), "spec.ports: there is no interface 'eno9'", "there: eno1, eno2, eno3"),
        (doc("Bridge", "vmbr5", type="OVSBridge", ovsPorts=["eno9"]), "spec.ovsPorts: there is no", "eno1"),
        (doc("Bond", "bond0", slaves=["eno1", "eno9"]), "spec.slaves: there is no interface 'eno9'", "eno1"),
        (doc("VLAN", "vlan7", device="eno9", tag=7), "spec.device: there is no interface 'eno9'", "eno1"),
        (PORT, "spec.ovsBridge: there is no interface 'vmbr5'", "eno1"),
        (doc("NetworkInterface", "mgmt", type="OVSIntPort"), "PVE needs ovsBridge", "name its bridge"),
        (doc("NetworkInterface", "eno1"), "a card without settings is there anyway", "say something"),
    ],
)
async def test_what_an_interface_names_must_be_there(text: str, message: str, hint: str) -> None:
    async with lab(seed=SEED) as it:
        with pytest.raises(InvalidInput) as caught:
            await it.plan(text)
        assert message in str(caught.value)
        assert hint in caught.value.hint
        assert it.writes() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (doc("Bond", "bond0", slaves=["eno1"], mode="balance-slb"), "the kernel has no mode balance-slb"),
        (doc("Bond", "bond0", type="OVSBond", mode="802.3ad"), "Open vSwitch has no mode 802.3ad"),
        (doc("Bond", "bond0", type="OVSBond", slaves=["eno1"]), "spec.slaves"),
        (doc("Bond", "bond0", type="OVSBond", cidr="10.0.0.1/24"), "spec.cidr"),
        (doc("Bond", "bond0", slaves=["eno1"], ovsTag=4), "spec.ovsTag: only ports of Open vSwitch"),
        (doc("NetworkInterface", "eno1", ovsTag=4), "spec.ovsTag: only ports of Open vSwitch"),
        (doc("NetworkInterface", "mgmt", type="OVSIntPort", autostart=True), "starts its ports"),
    ],
)
async def test_fields_of_another_type_are_refused(lab: Lab, text: str, message: str) -> None:
    with pytest.raises((InvalidInput, InvalidManifest)) as caught:
        await lab.plan(text)
    assert message in str(caught.value)


async def test_a_switch_with_ports_that_name_it_plans_to_nothing() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(ALL)
        assert sorted(await switch_ports(it)) == ["bond5", "eno1", "mgmt"]
        assert (await it.plan(ALL)).is_empty
        assert (await it.live("Bridge", "pve-node1/vmbr5")).fields["ovsPorts"] == ["eno1"]
        card = await it.pve.get(ONE, where("eno1"))
        assert (card["type"], card["ovs_bridge"], card["ovs_tag"]) == ("OVSPort", "vmbr5", 7)


async def test_a_change_of_the_switch_keeps_the_ports_that_name_it() -> None:
    async with lab(seed=SEED) as it:
        await it.apply("---\n".join([SWITCH, PORT]))
        wider = SWITCH.replace("- eno1", "- eno1\n  - eno2")
        await it.apply("---\n".join([wider, PORT]))
        assert set(await switch_ports(it)) == {"eno1", "eno2", "mgmt"}
        without = doc("Bridge", "vmbr5", type="OVSBridge", autostart=True, comment="Empty")
        await it.apply("---\n".join([without, PORT]))
        assert await switch_ports(it) == ["mgmt"]
        assert (await it.plan("---\n".join([without, PORT]))).is_empty
        await it.apply(without, prune=True)
        assert not (await it.pve.get(ONE, where("vmbr5"))).get("ovs_ports")


async def test_all_of_it_can_be_deleted_in_one_go() -> None:
    async with lab(seed=SEED) as it:
        before = await it.pve.get("/nodes/{node}/network", {"node": "pve-node1"})
        await it.apply(ALL)
        lives = [live for kind in ("Bridge", "Bond", "NetworkInterface") for live in await it.lives(kind)]
        await it.delete(*lives)
        left = {row["iface"]: row["type"] for row in await it.pve.get("/nodes/{node}/network", {"node": "pve-node1"})}
        assert left.keys() == {row["iface"] for row in before}
        assert await it.lives("Bridge") == await it.lives("Bond") == []


async def test_an_address_moves_from_a_card_to_its_bridge() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(doc("NetworkInterface", "eno1", cidr="10.0.0.1/24", autostart=True, comment="First"))
        bridge = doc("Bridge", "vmbr0", ports=["eno1"], cidr="10.0.0.1/24", autostart=True)
        both = doc("NetworkInterface", "eno1", comment="Only a port") + "---\n" + bridge
        await it.apply(both)
        assert (await it.plan(both)).is_empty
        assert "cidr" not in await it.pve.get(ONE, where("eno1"))


async def test_what_a_killed_apply_wrote_of_a_bond_is_applied_by_the_next() -> None:
    async with lab(seed=SEED) as it:
        it.sim.faults.answer(status=596, method="PUT", path="/nodes/pve-node1/network$", times=-1)
        it.sim.faults.answer(status=596, method="DELETE", path="/nodes/pve-node1/network$", times=-1)
        with pytest.raises(ApplyFailed):
            await it.apply(ALL)
        it.sim.faults.clear()
        await it.apply(ALL)
        assert (await it.plan(ALL)).is_empty


async def test_a_killed_apply_of_a_port_whose_switch_is_anothers_is_continued() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(SWITCH)
        for method in ("PUT", "DELETE"):
            it.sim.faults.answer(status=596, method=method, path="/nodes/pve-node1/network$", times=-1)
        with pytest.raises(ApplyFailed):
            await it.apply(PORT, application="other")
        it.sim.faults.clear()
        await it.apply(PORT, application="other")
        assert (await it.plan(PORT, application="other")).is_empty


async def test_a_card_that_somebody_else_changed_is_not_applied_along() -> None:
    async with lab(seed=SEED) as it:
        await it.pve.put(ONE, {**where("eno3"), "type": "eth", "mtu": 9000})
        with pytest.raises(ApplyFailed, match="wait to be applied: NetworkInterface pve-node1/eno3"):
            await it.apply(doc("Bridge", "vmbr0", ports=["eno1"]))


async def test_only_cards_with_settings_are_shown(lab: Lab) -> None:
    assert await lab.lives("nic") == []
    await lab.pve.put(ONE, {**where("eno1"), "type": "eth", "mtu": 9000})
    assert [live.key.name for live in await lab.lives("nic")] == ["pve-node1/eno1"]
