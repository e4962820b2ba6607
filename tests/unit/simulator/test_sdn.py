"""Virtual networks: what is configured waits for an apply, and the lock keeps others out."""

from __future__ import annotations

import pytest

from tests.unit.simulator.api import Api, running

SDN = "/cluster/sdn"


async def make_network(api: Api, zone: str = "lab", vnet: str = "lab1") -> None:
    await api.do("POST", f"{SDN}/zones", zone=zone, type="simple")
    await api.do("POST", f"{SDN}/vnets", vnet=vnet, zone=zone, alias="a network")
    network = {"subnet": "10.9.0.0/24", "type": "subnet", "gateway": "10.9.0.1"}
    await api.do("POST", f"{SDN}/vnets/{vnet}/subnets", **network)


async def test_an_apply_brings_the_network_to_the_nodes(api: Api) -> None:
    await make_network(api)
    assert await api.get(f"{SDN}/zones", running=1) == []
    assert await api.get("/nodes/pve-node2/sdn/zones") == []
    assert "+iface lab1" in (await api.get(f"{SDN}/dry-run", node="pve-node1"))["interfaces-diff"]
    assert await api.run("PUT", SDN) == "OK"
    assert [z["zone"] for z in await api.get("/nodes/pve-node2/sdn/zones")] == ["lab"]
    assert [i["iface"] for i in await api.get("/nodes/pve-node3/network", type="vnet")] == ["lab1"]
    rows = [r for r in await api.get("/cluster/resources") if r.get("network") == "lab"]
    assert len(rows) == 3
    assert {r["zone-type"] for r in rows} == {"simple"}
    assert (await api.get(f"{SDN}/dry-run", node="pve-node1"))["interfaces-diff"] == ""


async def test_pending_view_tells_what_an_apply_would_change(api: Api) -> None:
    await make_network(api)
    await api.run("PUT", SDN)
    await api.call("PUT", f"{SDN}/vnets/lab1", vlanaware=0, delete="alias")
    row = await api.get(f"{SDN}/vnets/lab1", pending=1)
    assert row["state"] == "changed"
    assert row["alias"] == "a network"
    assert row["pending"] == {"vlanaware": 0, "alias": "deleted"}
    await api.do("POST", f"{SDN}/rollback")
    assert "state" not in await api.get(f"{SDN}/vnets/lab1", pending=1)


async def test_what_is_in_use_stays(api: Api) -> None:
    await make_network(api)
    assert "is used by vnet lab1" in (await api.call("DELETE", f"{SDN}/zones/lab")).reason
    assert (await api.call("DELETE", f"{SDN}/vnets/lab1")).status == 500
    await api.do("DELETE", f"{SDN}/vnets/lab1/subnets/lab-10.9.0.0-24")
    await api.do("DELETE", f"{SDN}/vnets/lab1")
    await api.do("DELETE", f"{SDN}/zones/lab")
    assert await api.get(f"{SDN}/zones", pending=1) == []


async def test_lock_keeps_writers_without_its_token_out(api: Api) -> None:
    token = (await api.call("POST", f"{SDN}/lock")).data
    refused = await api.call("POST", f"{SDN}/zones", zone="lab", type="simple")
    assert refused.reason.startswith("create sdn zone object failed: invalid lock token provided!")
    await api.do("POST", f"{SDN}/zones", **{"zone": "lab", "type": "simple", "lock-token": token})
    assert await api.run("PUT", SDN, **{"lock-token": token}) == "OK"
    assert (await api.call("POST", f"{SDN}/lock")).status == 500
    assert await api.run("PUT", SDN, **{"lock-token": token, "release-lock": 1}) == "OK"
    await api.do("POST", f"{SDN}/zones", zone="lab2", type="simple")
    assert (await api.call("POST", f"{SDN}/lock")).status == 500


async def test_vnet_firewall_needs_the_network_to_run(api: Api) -> None:
    await make_network(api)
    rules = f"{SDN}/vnets/lab1/firewall/rules"
    assert "invalid vnet specified" in (await api.call("GET", rules)).reason
    await api.run("PUT", SDN)
    await api.do("POST", rules, type="forward", action="ACCEPT")
    assert len(await api.get(rules)) == 1
    assert (await api.call("POST", rules, type="in", action="ACCEPT")).errors["type"].endswith("rule_env 'vnet'")


async def test_fabric_with_nodes_stays(api: Api) -> None:
    await api.do("POST", f"{SDN}/fabrics/fabric", id="spine", protocol="ospf", area="0")
    node = {"node_id": "pve-node1", "protocol": "ospf", "interfaces": "name=eno1", "ip": "10.0.0.1"}
    await api.do("POST", f"{SDN}/fabrics/node/spine", **node)
    found = await api.get(f"{SDN}/fabrics/all")
    assert [f["id"] for f in found["fabrics"]] == ["spine"]
    assert [(n["fabric_id"], n["node_id"], n["interfaces"]) for n in found["nodes"]] == [
        ("spine", "pve-node1", ["name=eno1"])
    ]
    assert (await api.call("DELETE", f"{SDN}/fabrics/fabric/spine")).status == 500
    await api.do("DELETE", f"{SDN}/fabrics/node/spine/pve-node1")
    await api.do("DELETE", f"{SDN}/fabrics/fabric/spine")
    assert (await api.call("GET", f"{SDN}/fabrics/fabric/spine")).status == 500


async def test_tags_are_unique_in_a_vlan_zone_and_over_all_vxlan_zones(api: Api) -> None:
    for zone in ("vla", "vlb"):
        await api.do("POST", f"{SDN}/zones", zone=zone, type="vlan", bridge="vmbr0")
    for zone in ("vxa", "vxb"):
        await api.do("POST", f"{SDN}/zones", zone=zone, type="vxlan", peers="10.0.0.1")
    await api.do("POST", f"{SDN}/vnets", vnet="a1", zone="vla", tag=7)
    await api.do("POST", f"{SDN}/vnets", vnet="b1", zone="vlb", tag=7)
    await api.do("POST", f"{SDN}/vnets", vnet="x1", zone="vxa", tag=7)
    refused = await api.call("POST", f"{SDN}/vnets", vnet="a2", zone="vla", tag=7)
    assert "tag 7 already exist in vnet a1" in refused.body["message"]
    refused = await api.call("POST", f"{SDN}/vnets", vnet="x2", zone="vxb", tag=7)
    assert "vxlan tag 7 already exist in vnet x1 in zone vxa" in refused.body["message"]
    missing = await api.call("POST", f"{SDN}/vnets", vnet="x2", zone="vxb")
    assert "missing vxlan tag" in missing.body["message"]


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_names_of_networks_are_short(version: str) -> None:
    async with running(pve_version=version) as api:
        await api.do("POST", f"{SDN}/zones", zone="lab", type="simple")
        for name in ("toolongname1", "ninechars", "1st", "a-b", "x"):
            assert "vnet" in (await api.call("POST", f"{SDN}/vnets", vnet=name, zone="lab")).errors, name
        await api.do("POST", f"{SDN}/vnets", vnet="eightch8", zone="lab")
        assert [v["vnet"] for v in await api.get(f"{SDN}/vnets")] == ["eightch8"]
