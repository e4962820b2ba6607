"""Drift: what differs, since when, by whom; accepted, expired, changed again; and what is none."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.e2e.conftest import Cli

pytestmark = pytest.mark.everywhere("soak")

SHOP = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web-0, namespace: shop }
spec:
  node: pve-node1
  memory: 512
  cpu: { cores: 2 }
  disks: [{ storage: shared-nfs, size: 1G }]
  networks: [{ bridge: vmbr0 }]
  state: running
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web-1, namespace: shop }
spec: { node: pve-node2, memory: 512 }
---
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: lab }
spec: { comment: Laboratory }
"""


@pytest.fixture
def shop(cli: Cli) -> Cli:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    return cli


def vm(shop: Cli, name: str = "web-0") -> str:
    row = shop.guests()[name]
    return f"/nodes/{row['node']}/qemu/{row['vmid']}"


def drift(shop: Cli, *words: str, code: int = 3) -> dict[str, Any]:
    answer = shop("drift", *words, "-o", "json")
    assert answer.code == code, answer
    page: dict[str, Any] = answer.json
    assert page["drifted"] is (code == 3)
    return page


def fields(page: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["path"]: field for item in page["items"] for field in item["fields"]}


def test_no_drift_is_said_and_exits_with_0(shop: Cli) -> None:
    said = shop.ok("drift")
    assert "no drift" in said.out
    assert drift(shop, "shop", code=0)["items"] == []


def test_what_a_task_wrote_is_told_with_its_user_and_what_none_wrote_is_not_guessed(shop: Cli) -> None:
    shop.api("POST", f"{vm(shop)}/config", cores=4, onboot=1)
    shop.api("PUT", f"{vm(shop)}/config", memory=1024)
    shop.api("PUT", f"{vm(shop)}/resize", disk="scsi0", size="+1G")
    found = fields(drift(shop))
    assert (found["cpu.cores"]["declared"], found["cpu.cores"]["live"]) == (2, 4)
    assert found["cpu.cores"]["task"]["type"] == "qmconfig"
    assert found["cpu.cores"]["task"]["user"] == "root@pam!proxmox-mpc"
    assert found["cpu.cores"]["since"] == found["cpu.cores"]["task"]["at"]
    assert found["disks.scsi0.size"]["task"]["type"] == "resize"
    assert found["memory"]["task"] is None, "the task that wrote the cores did not write the memory"
    assert found["memory"]["since"] is None
    assert found["memory"]["asDeclaredAt"] <= found["memory"]["before"]
    assert "onboot" not in found, "what nobody declared does not drift"
    text = shop("drift", "shop").out
    for part in ("cpu.cores", "by root@pam!proxmox-mpc (qmconfig)", "no task: a direct change", "apply -f shop.yaml"):
        assert part in text, text


def test_a_difference_is_known_since_it_was_first_seen_and_anew_once_it_had_ended(shop: Cli) -> None:
    shop.api("PUT", f"{vm(shop)}/config", memory=1024)
    first = fields(drift(shop))["memory"]["before"]
    assert fields(drift(shop))["memory"]["before"] == first
    shop.api("PUT", f"{vm(shop)}/config", memory=512)
    drift(shop, code=0)
    shop.api("PUT", f"{vm(shop)}/config", memory=1024)
    assert fields(drift(shop))["memory"]["before"] > first


def test_power_and_what_is_gone_are_told_with_their_tasks(shop: Cli) -> None:
    shop.api("POST", f"{vm(shop)}/status/stop")
    shop.api("DELETE", vm(shop, "web-1"))
    shop.api("DELETE", "/pools/lab")
    items = {item["name"]: item for item in drift(shop)["items"]}
    assert items["web-0"]["fields"][0]["task"]["type"] == "qmstop"
    assert items["web-1"]["state"] == items["lab"]["state"] == "missing"
    assert items["web-1"]["fields"][0]["task"]["type"] == "qmdestroy"
    assert items["lab"]["fields"][0]["task"] is None


def test_manifests_say_what_is_looked_at(shop: Cli) -> None:
    shop.api("PUT", f"{vm(shop)}/config", memory=1024)
    other = SHOP.split("---\n")[1] + "---\n" + SHOP.split("---\n")[2].replace("lab", "unborn")
    page = drift(shop, "-f", shop.write("other.yaml", other), code=0)
    assert (page["applications"][0]["resources"], page["unowned"]) == (1, ["Pool unborn"])
    assert drift(shop, "-f", "shop.yaml")["items"][0]["name"] == "web-0"


def test_accepted_drift_is_not_reported_until_the_value_changes_again(shop: Cli) -> None:
    shop.api("PUT", f"{vm(shop)}/config", memory=1024, cores=4)
    accepted = shop.ok(
        *("drift", "accept", "shop", "vm/web-0", "--field", "spec.memory", "--for", "7d", "--reason", "load test")
    ).out
    assert "memory is accepted until" in accepted
    found = fields(drift(shop))
    assert found["memory"]["accepted"]["reason"] == "load test"
    assert found["cpu.cores"]["accepted"] is None
    shop.ok("drift", "accept", "shop")
    assert drift(shop, code=0)["applications"][0]["accepted"] == 1
    member = next(m for m in shop.ok("status", "shop", "-o", "json").json[0]["members"] if m["name"] == "web-0")
    assert member["state"] == "drift accepted"
    assert "accepted" in member["detail"]
    assert "load test" not in shop.ok("drift", "list-accepted").out, "accepted again, without that reason"
    plan = shop.ok("plan", "-f", "shop.yaml", "--allow", "restart", "-o", "json").json
    assert not plan["empty"]
    assert any("memory: its drift is accepted" in note for note in plan["notes"])
    shop.api("PUT", f"{vm(shop)}/config", memory=2048)
    assert fields(drift(shop))["memory"]["accepted"] is None
    shop.api("PUT", f"{vm(shop)}/config", memory=1024)
    assert fields(drift(shop))["memory"]["accepted"] is None, "another value was seen: the baseline is over"


def test_acceptance_ends_when_it_expires_or_is_revoked(shop: Cli) -> None:
    shop.api("PUT", f"{vm(shop)}/config", memory=1024)
    shop.api("DELETE", "/pools/lab")
    soon = (datetime.now() + timedelta(hours=1)).isoformat()
    shop.ok("drift", "accept", "shop", "--until", soon)
    drift(shop, code=0)
    listed = shop.ok("drift", "list-accepted", "shop", "-o", "json").json
    assert [item["path"] for item in listed] == ["", "memory"]
    shop.ok("drift", "revoke", "shop", "lab")
    assert [item["name"] for item in drift(shop)["items"] if not item["accepted"]] == ["lab"]
    shop.ok("drift", "revoke", "shop")
    assert shop("drift", "revoke", "shop").code == 5


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("drift", "shpo"), 5, "applications: shop"),
        (("drift", "accept", "shop"), 5, "nothing of it has drifted"),
        (("drift", "accept", "shop", "db"), 5, "the application owns no 'db'"),
        (("drift", "accept", "shop", "--for", "soon"), 2, "30m, 12h, 7d"),
        (("drift", "accept", "shop", "--until", "2001-01-01"), 2, "has passed"),
        (("drift", "accept", "shop", "--until", "x", "--for", "1d"), 2, "exclude each other"),
        (("drift", "-f", "nothing.yaml"), 5, "no file"),
    ],
)
def test_bad_input_is_told(shop: Cli, words: tuple[str, ...], code: int, says: str) -> None:
    answer = shop(*words)
    assert (answer.code, says in answer.err) == (code, True), answer


def test_what_moved_waits_or_cannot_be_seen_has_not_drifted(shop: Cli) -> None:
    shop.api("POST", f"{vm(shop)}/migrate", target="pve-node3", online=1)
    assert shop.guests()["web-0"]["node"] == "pve-node3"
    shop.ok("apply", "-f", shop.write("shop.yaml", SHOP.replace("cores: 2", "cores: 3")))
    page = drift(shop, code=0)
    assert page["items"] == []
    members = shop.ok("status", "shop", "-o", "json").json[0]["members"]
    assert "restart pending" in {member["state"] for member in members}
    told = {"fault": "node_down", "name": "pve-node2"}
    requests.post(f"{shop.ready['url']}/simulator/faults", json=told, timeout=10).raise_for_status()
    (item,) = drift(shop, code=0)["items"]
    assert (item["name"], item["state"], item["detail"]) == ("web-1", "unknown", "pve-node2 is offline")
    assert "1 not seen" in shop.ok("drift").out


def test_where_the_ha_manager_puts_a_guest_is_no_drift(shop: Cli) -> None:
    vmid = shop.guests()["web-0"]["vmid"]
    held = (
        f'kind: HAResource\napiVersion: proxmox.io/v1\nmetadata: {{ name: "vm:{vmid}" }}\nspec: {{ state: started }}\n'
    )
    shop.ok("apply", "-f", shop.write("ha.yaml", held))
    shop.api("POST", f"/cluster/ha/resources/vm:{vmid}/migrate", node="pve-node3")
    shop.ok("wait", "vm/web-0", "--for", "running")
    for _ in range(100):
        if shop.guests()["web-0"]["node"] == "pve-node3":
            break
    assert shop.guests()["web-0"]["node"] == "pve-node3"
    drift(shop, code=0)


def test_secrets_are_not_told(shop: Cli) -> None:
    with_secret = SHOP.replace("state: running", "cloudInit: { storage: local-lvm, password: hunter2-secret }")
    shop.ok("apply", "-f", shop.write("shop.yaml", with_secret), "--allow", "stop-start", "--yes")
    shop.api("PUT", f"{vm(shop)}/config", delete="cipassword")
    page = drift(shop)
    assert fields(page)["cloudInit.password"]["declared"] == "(secret)"
    shop.ok("drift", "accept", "shop")
    for told in (json.dumps(page), shop("drift").out, shop.ok("drift", "list-accepted").out):
        assert "hunter2" not in told
