"""A node's interfaces: changes wait in a file of their own until they are applied or thrown away."""

from __future__ import annotations

from tests.unit.simulator.api import Api

NET = "/nodes/pve-node1/network"


async def changes(api: Api) -> str:
    return str((await api.call("GET", NET)).body.get("changes", ""))


async def test_changes_wait_until_they_are_applied(api: Api) -> None:
    await api.do("POST", NET, iface="vmbr7", type="bridge", cidr="10.7.0.1/24", autostart=1)
    assert "+iface vmbr7 inet static" in await changes(api)
    assert "vmbr7" not in api.sim.cluster.nodes["pve-node1"].interfaces
    assert await api.run("PUT", NET) == "OK"
    assert await changes(api) == ""
    assert (await api.get(f"{NET}/vmbr7"))["active"] == 1


async def test_revert_forgets_the_changes(api: Api) -> None:
    before = await api.get(NET)
    await api.do("DELETE", f"{NET}/vmbr1")
    assert await changes(api)
    await api.do("DELETE", NET)
    assert await api.get(NET) == before
    assert await changes(api) == ""


async def test_a_bond_of_cards_under_a_bridge(api: Api) -> None:
    refused = await api.call("POST", NET, iface="bond0", type="bond", slaves="eno7")
    assert refused.reason == "bond 'bond0' - unable to find slave 'eno7'"
    taken = await api.call("POST", NET, iface="bond0", type="bond", slaves="eno1")
    assert taken.errors == {"slaves": "eno1 is already used on interface 'vmbr0'."}
    await api.do("PUT", f"{NET}/vmbr0", type="bridge", cidr="192.0.2.11/24", bridge_ports="")
    await api.do("POST", NET, iface="bond0", type="bond", slaves="eno1", bond_mode="802.3ad")
    await api.do("PUT", f"{NET}/vmbr0", type="bridge", cidr="192.0.2.11/24", bridge_ports="bond0")
    bond = await api.get(f"{NET}/bond0")
    assert (bond["type"], bond["slaves"], bond["bond_mode"], bond["bond_miimon"]) == ("bond", "eno1", "802.3ad", "100")


async def test_a_vlan_knows_its_card_and_tag_by_name(api: Api) -> None:
    await api.do("POST", NET, iface="eno1.30", type="vlan", cidr="10.30.0.1/24")
    vlan = await api.get(f"{NET}/eno1.30")
    assert (vlan["type"], vlan["vlan-id"], vlan["vlan-raw-device"]) == ("vlan", "30", "eno1")


async def test_aware_bridge_carries_all_vlans(api: Api) -> None:
    await api.do("POST", NET, iface="vmbr9", type="bridge", bridge_vlan_aware=1)
    assert (await api.get(f"{NET}/vmbr9"))["bridge_vids"] == "2-4094"
    await api.do("PUT", f"{NET}/vmbr9", type="bridge", delete="bridge_vlan_aware")
    assert "bridge_vids" not in await api.get(f"{NET}/vmbr9")


async def test_options_of_a_mode_go_with_the_mode(api: Api) -> None:
    await api.do("PUT", f"{NET}/vmbr0", type="bridge", cidr="192.0.2.11/24", bridge_ports="")
    bond = {"iface": "bond1", "type": "bond", "slaves": "eno1", "bond-primary": "eno1"}
    await api.do("POST", NET, **bond, bond_mode="active-backup", bond_xmit_hash_policy="layer2")
    assert (await api.get(f"{NET}/bond1"))["bond-primary"] == "eno1"
    assert "bond_xmit_hash_policy" not in await api.get(f"{NET}/bond1")
    assert (await api.get(f"{NET}/eno1"))["autostart"] == 1
    refused = await api.call("PUT", f"{NET}/bond1", **{"type": "bond", "bond-primary": "eno9"})
    assert "bond-primary interface is not a slave" in refused.reason


async def test_vlan_needs_a_parent_that_is_there(api: Api) -> None:
    refused = await api.call("POST", NET, iface="eno9.5", type="vlan")
    assert refused.reason == "vlan 'eno9.5' - unable to find parent 'eno9'"
    named = await api.call("POST", NET, iface="vlan7", type="vlan")
    assert named.reason.startswith("missing vlan-raw-device option at ")
    await api.do("POST", NET, **{"iface": "vlan7", "type": "vlan", "vlan-raw-device": "eno1"})
    assert (await api.get(f"{NET}/vlan7"))["exists"] == 1


async def freed(api: Api) -> None:
    """The card is in no bridge any more."""
    await api.do("PUT", f"{NET}/vmbr0", type="bridge", cidr="192.0.2.11/24", bridge_ports="")


async def test_ports_of_open_vswitch_are_entered_in_the_bridge_that_they_name(api: Api) -> None:
    await freed(api)
    await api.do("POST", NET, iface="vmbr5", type="OVSBridge", ovs_ports="eno1")
    card = await api.get(f"{NET}/eno1")
    assert (card["type"], card["ovs_bridge"]) == ("OVSPort", "vmbr5")
    await api.do("POST", NET, iface="mgmt", type="OVSIntPort", ovs_bridge="vmbr5", ovs_tag=20, cidr="10.20.0.1/24")
    assert (await api.get(f"{NET}/vmbr5"))["ovs_ports"] == "eno1 mgmt"
    port = await api.get(f"{NET}/mgmt")
    assert (port["type"], port["ovs_tag"], port["cidr"]) == ("OVSIntPort", 20, "10.20.0.1/24")
    await api.do("PUT", f"{NET}/mgmt", type="OVSIntPort", ovs_bridge="vmbr5", ovs_tag=21)
    assert (await api.get(f"{NET}/vmbr5"))["ovs_ports"] == "eno1 mgmt"
    await api.do("DELETE", f"{NET}/mgmt")
    assert (await api.get(f"{NET}/vmbr5"))["ovs_ports"] == "eno1"


async def test_a_port_of_open_vswitch_needs_its_bridge(api: Api) -> None:
    port = {"iface": "mgmt", "type": "OVSIntPort"}
    assert (await api.call("POST", NET, **port)).errors == {"ovs_bridge": "parameter is required"}
    missing = await api.call("POST", NET, **port, ovs_bridge="vmbr5")
    assert missing.errors == {"ovs_bridge": "bridge 'vmbr5' does not exist"}
    other = await api.call("POST", NET, **port, ovs_bridge="vmbr0")
    assert other.errors == {"ovs_bridge": "interface 'vmbr0' is no OVS bridge"}
    refused = await api.call("POST", NET, iface="vmbr5", type="OVSBridge", ovs_ports="vmbr1")
    assert refused.reason == "interface 'vmbr1' is not defined as OVS port/bond"


async def test_a_bond_of_open_vswitch_is_made_of_cards(api: Api) -> None:
    await freed(api)
    await api.do("POST", NET, iface="vmbr5", type="OVSBridge")
    bond = {"iface": "bond5", "type": "OVSBond", "ovs_bridge": "vmbr5"}
    assert (await api.call("POST", NET, **bond, ovs_bonds="eno7")).reason == (
        "OVS bond 'bond5' - unable to find slave 'eno7'"
    )
    assert "wrong interface type on slave 'vmbr1'" in (await api.call("POST", NET, **bond, ovs_bonds="vmbr1")).reason
    await api.do("POST", NET, **bond, ovs_bonds="eno1", autostart=1)
    found = await api.get(f"{NET}/bond5")
    assert (found["ovs_bonds"], found["bond_mode"], "autostart" in found) == ("eno1", "active-backup", False)
    assert (await api.get(f"{NET}/vmbr5"))["ovs_ports"] == "bond5"
    assert (await api.get(f"{NET}/eno1"))["autostart"] == 1
