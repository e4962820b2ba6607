"""A node that is down: what stands on it cannot be seen, and is not taken for gone."""

from __future__ import annotations

import requests

from tests.e2e.conftest import Cli

BRIDGE = "apiVersion: proxmox.io/v1\nkind: Bridge\nmetadata: { name: pve-node3/vmbr7 }\nspec: { comment: Guests }\n"


def fault(cli: Cli, name: str) -> None:
    told = {"fault": name, "name": "pve-node3"}
    requests.post(f"{cli.ready['url']}/simulator/faults", json=told, timeout=10).raise_for_status()


def test_what_stands_on_a_node_that_is_down_is_left_and_stays_owned(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("net.yaml", BRIDGE))
    fault(cli, "node_down")
    plan = cli("plan", "-f", "net.yaml")
    assert (plan.code, "offline: pve-node3" in plan.err) == (7, True)
    gone = cli("delete", "-f", "net.yaml", "--yes")
    assert (gone.code, "offline: pve-node3" in gone.err) == (7, True)
    cli.write("net.yaml", "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: lab }\n")
    pruned = cli.ok("apply", "-f", "net.yaml", "--prune", "--yes").out
    assert "Bridge pve-node3/vmbr7: left as it is, for pve-node3 is offline" in pruned
    members = {m["name"]: m["state"] for m in cli.ok("status", "net", "-o", "json").json[0]["members"]}
    assert members["pve-node3/vmbr7"] == "unknown"
    fault(cli, "node_up")
    members = {m["name"]: m["state"] for m in cli.ok("status", "net", "-o", "json").json[0]["members"]}
    assert members["pve-node3/vmbr7"] == "synced"
