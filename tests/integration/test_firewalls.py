"""Firewalls: rules get into their order without ever letting something through that neither order lets through."""

from __future__ import annotations

import asyncio

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.engine.execute import ApplyFailed
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

LINES = [f"IN ACCEPT -p tcp -dport {port}" for port in range(1, 8)] + ["IN DROP -source 192.0.2.1", "|OUT DROP -p udp"]


def rules(*lines: str) -> str:
    return yaml.safe_dump(manifest("FirewallRules", "cluster", {"rules": list(lines)}))


async def now(it: Lab) -> list[tuple[str, int]]:
    rows = await it.pve.get("/cluster/firewall/rules")
    return [(f"{row['action']} {row.get('dport', row.get('source', ''))}", row["enable"]) for row in rows]


@given(st.lists(st.sampled_from(LINES), max_size=6), st.lists(st.sampled_from(LINES), max_size=6))
def test_any_list_becomes_any_other(first: list[str], second: list[str]) -> None:
    async def scenario() -> None:
        async with lab() as it:
            await it.apply(rules(*first))
            await it.apply(rules(*second))
            found = [live.fields["rules"] for live in await it.lives("FirewallRules") if live.key.name == "cluster"]
            assert found == ([second] if second else [])
            assert (await it.plan(rules(*second))).is_empty

    asyncio.run(scenario())


async def test_a_rule_is_switched_on_only_in_its_place() -> None:
    """Inserted at the top and switched on, the new rule would go before the one that keeps somebody out."""
    async with lab() as it:
        await it.apply(rules("IN DROP -source 192.0.2.1"))
        seen: list[list[tuple[str, int]]] = []
        original = it.pve._call

        async def watched(*args: object) -> object:
            answer = await original(*args)  # type: ignore[arg-type]
            if args[0] != "GET":
                seen.append(
                    [(rule["action"], int(rule.get("enable", 0))) for rule in it.sim.cluster.firewalls["cluster"].rules]
                )
            return answer

        it.pve._call = watched  # type: ignore[method-assign, assignment]
        await it.apply(rules("IN DROP -source 192.0.2.1", "IN ACCEPT -p tcp -dport 22"))
    assert seen == [
        [("ACCEPT", 0), ("DROP", 1)],
        [("DROP", 1), ("ACCEPT", 0)],
        [("DROP", 1), ("ACCEPT", 1)],
    ]


async def test_a_guest_and_its_firewall_are_made_in_one_go() -> None:
    machine = manifest("VirtualMachine", "web", {"memory": 512}, namespace="shop")
    documents = [
        manifest("FirewallRules", "guest/web", {"rules": ["IN HTTP(ACCEPT)"]}),
        manifest("FirewallOptions", "guest/web", {"enabled": True, "policyIn": "DROP"}),
        manifest("FirewallAlias", "guest/web/db", {"cidr": "10.0.0.5"}),
        machine,
    ]
    async with lab(resources_lag_s=10.0) as it:
        text = yaml.safe_dump_all(documents)
        await it.apply(text)
        vmid = next(g.vmid for g in it.sim.cluster.guests.values() if g.name == "web")
        firewall = it.sim.cluster.firewalls[f"guest/{vmid}"]
        assert [rule["macro"] for rule in firewall.rules] == ["HTTP"]
        assert firewall.options == {"enable": "1", "policy_in": "DROP"}
        assert firewall.aliases["db"].cidr == "10.0.0.5"
        assert (await it.plan(text)).is_empty


async def test_a_rule_that_somebody_else_inserted_meanwhile_is_not_deleted_in_place_of_ours() -> None:
    async with lab() as it:
        await it.apply(rules(*LINES[:3]))
        plan = await it.plan(rules(LINES[0]))
        original = it.pve._call
        writes = 0

        async def meanwhile(*args: object) -> object:
            nonlocal writes
            answer = await original(*args)  # type: ignore[arg-type]
            if args[0] == "DELETE" and not writes:
                writes += 1
                theirs = {"type": "in", "action": "ACCEPT", "comment": "theirs", "enable": 1}
                await original("POST", "/cluster/firewall/rules", theirs)
            return answer

        it.pve._call = meanwhile  # type: ignore[method-assign, assignment]
        with pytest.raises(ApplyFailed, match="changed by somebody else meanwhile"):
            await it.execute(plan)
        kept = it.sim.cluster.firewalls["cluster"].rules
        assert [rule.get("comment", rule.get("dport")) for rule in kept] == ["theirs", "1", "2"]


async def test_a_guest_s_firewall_is_called_by_its_name_where_that_means_one_guest() -> None:
    names = [(101, "web"), (102, "twin"), (103, "twin"), (104, "")]
    guests = [
        {"vmid": vmid, "type": "qemu", "node": "pve-node1", "config": {"name": name} if name else {}}
        for vmid, name in names
    ]
    asked = [
        {"method": "PUT", "path": f"/nodes/pve-node1/qemu/{vmid}/firewall/options", "params": {"enable": "1"}}
        for vmid, _ in names
    ]
    async with lab(seed={"guests": guests, "requests": asked}) as it:
        found = {live.key.name for live in await it.lives("FirewallOptions")}
    assert found >= {"guest/web", "guest/102", "guest/103", "guest/104"}
