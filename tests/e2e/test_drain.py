"""A node is emptied, kept empty, and filled again, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli, simulated
from tests.e2e.gate import gate_before
from tests.e2e.place import place_before
from tests.e2e.test_verbs_power import ONE, THREE, TWO, fault, items


def vm(vmid: int, name: str, disk: str = "", status: str = "running", **config: Any) -> dict[str, Any]:
    disks = {"scsi0": f"{disk},size=1G"} if disk else {}
    config = {"name": name, "memory": 512, **disks, **config}
    return {"vmid": vmid, "type": "qemu", "node": ONE, "status": status, "config": config}


def ct(vmid: int, name: str) -> dict[str, Any]:
    config = {"hostname": name, "memory": 256, "rootfs": f"shared-nfs:{vmid}/vm-{vmid}-disk-0.raw,size=1G"}
    return {"vmid": vmid, "type": "lxc", "node": ONE, "status": "running", "config": config}


MOVABLE = [
    vm(100, "web", "local-lvm:vm-100-disk-0"),
    vm(101, "db", "shared-nfs:101/vm-101-disk-0.qcow2", status="stopped"),
    ct(102, "cache"),
]
ISO = "local:iso/debian-12.8.0-amd64-netinst.iso,media=cdrom"
NEW = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: new }\nspec: { memory: 64 }\n"


@pytest.fixture
def guests() -> list[dict[str, Any]]:
    return MOVABLE


@pytest.fixture
def cluster(tmp_path: Path, guests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"guests": guests}))
    with simulated("--seed", str(seed)) as ready:
        yield ready


def nodes(cli: Cli) -> dict[str, str]:
    return {name: row["node"] for name, row in cli.guests().items()}


def login(cli: Cli) -> tuple[str, ...]:
    token_id, _, secret = cli.ready["token"].partition("=")
    return ("--token-id", token_id, "--token-secret", secret)


def description(cli: Cli, node: str = ONE) -> str:
    return str((cli.api("GET", f"/nodes/{node}/config") or {}).get("description", ""))


def test_a_node_is_emptied_kept_empty_and_filled_again(cli: Cli) -> None:
    cli.api("PUT", f"/nodes/{ONE}/config", description="Rack 4")
    shown = cli.ok("drain", ONE, "--dry-run")
    assert "web" in shown.out
    assert "would be cordoned" in shown.out
    assert description(cli) == "Rack 4\n", "a dry run changes nothing"

    done = cli.ok("drain", ONE, "--yes")
    assert "no guest is left on it" in done.out
    assert f"proxmox-cli uncordon {ONE} --return" in done.out
    assert ONE not in nodes(cli).values()
    assert cli.guests()["web"]["status"] == "running", "it moved as it ran"
    assert cli.guests()["cache"]["status"] == "running"
    assert "Rack 4" in description(cli)

    assert f"{ONE} is cordoned by" in cli.ok("discover").out
    assert "is cordoned by" in cli.ok("apply", "-f", cli.write("vm.yaml", NEW)).out
    assert nodes(cli)["new"] != ONE

    again = cli.ok("drain", ONE, "--yes")
    assert f"{ONE} is cordoned" in again.out

    back = cli.ok("uncordon", ONE, "--return", "--yes")
    assert "takes guests again" in back.out
    found = nodes(cli)
    assert {found[name] for name in ("web", "db", "cache", "debian-12-template")} == {ONE}
    assert found["new"] != ONE, "only those that left it come back"
    assert description(cli).strip() == "Rack 4"
    assert f"{ONE} is not cordoned" in cli.ok("uncordon", ONE).out


def test_a_container_is_restarted_only_after_a_question(cli: Cli) -> None:
    refused = cli("drain", ONE)
    assert refused.code == 6
    assert "it is down meanwhile" in refused.out
    assert set(nodes(cli).values()) == {ONE}
    assert description(cli) == "", "not even cordoned"
    left = cli.ok("drain", ONE, "--containers", "leave")
    assert "cache stays: it is a container" in left.out
    assert nodes(cli)["cache"] == ONE
    assert nodes(cli)["web"] != ONE


def test_without_return_guests_stay_and_the_command_that_brings_them_back_is_told(cli: Cli) -> None:
    cli.ok("drain", ONE, "--yes", "--to", TWO)
    assert set(nodes(cli).values()) == {TWO}
    done = cli.ok("uncordon", ONE)
    assert f"--to {ONE}" in done.out
    assert set(nodes(cli).values()) == {TWO}
    command = done.out.split("proxmox-cli ")[-1].split()
    cli.ok(*command, "--yes")
    assert nodes(cli)["web"] == ONE


@pytest.mark.parametrize(
    "guests",
    [
        [
            *MOVABLE,
            vm(110, "iso", ide2=ISO),
            vm(111, "huge", "shared-nfs:111/vm-111-disk-0.qcow2", memory=30000),
            vm(112, "small", "shared-nfs:112/vm-112-disk-0.qcow2", memory=30000),
            vm(113, "third", "shared-nfs:113/vm-113-disk-0.qcow2", memory=30000),
            vm(114, "kept", "local:9000/base-9000-disk-0.qcow2/114/vm-114-disk-0.qcow2", status="stopped"),
        ]
    ],
)
def test_what_cannot_move_is_named_with_its_reason_and_stops_nobody(cli: Cli) -> None:
    done = cli("drain", ONE, "--yes")
    assert done.code == 1
    found = nodes(cli)
    assert {name for name, node in found.items() if node == ONE} == {"iso", "third", "kept"}
    said = done.out
    assert "iso has local:iso/debian-12.8.0-amd64-netinst.iso in its drive" in said
    assert "kept is a linked clone of 9000" in said
    assert "no node can take VirtualMachine default/third" in said
    assert f"{TWO} has" in said
    assert f"only these again: proxmox-cli drain {ONE} --yes" in said
    assert "3 guests are left on it" in said


def test_a_node_that_is_not_there_or_offline_is_refused(cli: Cli) -> None:
    assert cli("drain", "pve9").code == 5
    assert cli("uncordon", "pve9").code == 5
    assert cli("drain", ONE, "--to", ONE).code == 2
    fault(cli, fault="node_down", name=TWO)
    down = cli("drain", TWO)
    assert down.code == 1
    assert "is offline" in down.err


HELD = pytest.mark.parametrize(
    "guests", [[*MOVABLE, vm(120, "shop", "shared-nfs:120/vm-120-disk-0.qcow2"), vm(121, "mail")]]
)


@HELD
def test_what_ha_holds_goes_through_its_manager_unless_a_rule_would_bring_it_back(cli: Cli) -> None:
    for vmid in (100, 120):
        cli.api("POST", "/cluster/ha/resources", sid=f"vm:{vmid}", state="started")
    cli.api("POST", "/cluster/ha/resources", sid="vm:101", state="stopped")
    rule = {"rule": "home", "type": "node-affinity", "resources": "vm:101", "nodes": f"{ONE}:2,{TWO}:1"}
    cli.api("POST", "/cluster/ha/rules", **rule)
    done = cli("drain", ONE, "--yes", "-o", "json")
    assert done.code == 1
    assert items(done)["shop"] == "done"
    assert nodes(cli)["shop"] != ONE
    errors = {item["name"]: item for item in done.json["items"] if item["status"] == "failed"}
    assert "would be brought back by the HA manager" in errors["db"]["error"]
    assert f"ha-manager crm-command node-maintenance enable {ONE}" in errors["db"]["hint"]
    assert "has local disks" in errors["web"]["error"]
    assert {name for name, node in nodes(cli).items() if node == ONE} == {"db", "web"} == errors.keys()
    cli.ok("uncordon", ONE, "--return", "--yes")
    assert nodes(cli)["shop"] == ONE


@HELD
def test_guests_that_ha_keeps_together_go_together_and_apart_stay_apart(cli: Cli) -> None:
    for sid in ("vm:120", "vm:121"):
        cli.api("POST", "/cluster/ha/resources", sid=sid, state="started")
    together = {"rule": "pair", "type": "resource-affinity", "affinity": "positive", "resources": "vm:120,vm:121"}
    cli.api("POST", "/cluster/ha/rules", **together)
    cli.ok("drain", ONE, "--yes")
    found = nodes(cli)
    assert found["shop"] == found["mail"] != ONE
    cli.ok("uncordon", ONE, "--return", "--yes")
    cli.api("DELETE", "/cluster/ha/rules/pair")
    cli.api("POST", "/cluster/ha/rules", **{**together, "rule": "apart", "affinity": "negative"})
    cli.ok("drain", ONE, "--yes")
    found = nodes(cli)
    assert {found["shop"], found["mail"]} == {TWO, THREE}


def test_a_drain_that_was_killed_is_typed_again_and_forgets_nobody(cli: Cli) -> None:
    with place_before(cli.ready["url"], cli.ready["token"], cli) as at:
        at.kill_at(at.gate.hold_answer("POST", r"/qemu/100/migrate$"), "drain", ONE, "--yes")
        assert "vm:100" in description(cli), "who leaves is noted before anybody does"
        cli.ok("drain", ONE, "--yes")
        assert ONE not in nodes(cli).values()
        cli.ok("uncordon", ONE, "--return", "--yes")
        assert {nodes(cli)[name] for name in ("web", "db", "cache")} == {ONE}


def test_a_dry_run_sends_no_write(cli: Cli) -> None:
    with gate_before(cli.ready["url"]) as gate:
        cli.ok("config", "set-context", "gated", "--endpoint", gate.url, *login(cli))
        cli.ok("drain", ONE, "--dry-run", "--context", "gated")
        cli.ok("uncordon", ONE, "--return", "--dry-run", "--context", "gated")
        assert gate.writes == []
