"""The commands that the product was asked for, typed as they stand in its seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Cli

pytestmark = pytest.mark.everywhere

INFRASTRUCTURE = (ROOT / "examples" / "infrastructure.yaml").read_text()


def test_the_seeds_commands_in_their_order(cli: Cli) -> None:
    cli.write("infrastructure.yaml", INFRASTRUCTURE)
    assert cli.ok("get", "vms").out == "no virtualmachines found\n"
    assert "debian-12-template" in cli.ok("get", "vmtemplates").out
    assert "1 resource is valid" in cli.ok("validate", "-f", "infrastructure.yaml").out
    assert "clone of VMID 9000" in cli.ok("plan", "-f", "infrastructure.yaml").out
    assert cli("diff", "-f", "infrastructure.yaml").code == 3
    assert "infrastructure is at revision 1" in cli.ok("apply", "-f", "infrastructure.yaml").out
    guest = cli.guests()["web-server"]
    config = cli.api("GET", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/config")
    assert (config["cores"], config["memory"], guest["pool"]) == (4, "8192", "production")
    assert "size=50G" in config["scsi0"]
    assert "no differences" in cli.ok("diff", "-f", "infrastructure.yaml").out
    shown = cli.ok("get", "-f", "infrastructure.yaml").out
    assert "web-server" in shown
    assert "debian" not in shown
    assert cli("delete", "vm", "web-server").code == 6, "without a terminal and --yes nothing is deleted"
    assert "web-server" in cli.guests()
    cli.ok("delete", "vm", "web-server", "--yes")
    assert "web-server" not in cli.guests()


def test_a_change_is_planned_applied_and_rolled_back(cli: Cli) -> None:
    cli.write("infrastructure.yaml", INFRASTRUCTURE)
    cli.ok("apply", "-f", "infrastructure.yaml")
    cli.write("infrastructure.yaml", INFRASTRUCTURE.replace("memory: 8192", "memory: 4096"))
    plan = cli("plan", "-f", "infrastructure.yaml", "--exit-code")
    assert plan.code == 3
    assert "8192 → 4096" in plan.out
    cli.ok("apply", "-f", "infrastructure.yaml")
    history = cli.ok("history", "infrastructure", "-o", "json").json
    assert [(r["number"], r["status"]) for r in history] == [(1, "superseded"), (2, "deployed")]
    cli.ok("rollback", "infrastructure", "1", "--yes")
    vmid = cli.guests()["web-server"]["vmid"]
    assert cli.api("GET", f"/nodes/pve-node1/qemu/{vmid}/config")["memory"] == "8192"
    assert cli.ok("status", "infrastructure", "-o", "json").json[0]["health"] == "synced"


def test_what_is_live_as_yaml_plans_to_nothing(cli: Cli, tmp_path: Path) -> None:
    cli.write("infrastructure.yaml", INFRASTRUCTURE)
    cli.ok("apply", "-f", "infrastructure.yaml")
    cli.write("live.yaml", cli.ok("get", "vms", "-o", "yaml").out)
    plan = cli.ok("plan", "-f", "live.yaml", "--app", "infrastructure", "-o", "json").json
    assert plan["empty"], plan


def test_drift_is_shown_and_corrected(cli: Cli) -> None:
    cli.write("infrastructure.yaml", INFRASTRUCTURE)
    cli.ok("apply", "-f", "infrastructure.yaml")
    vmid = cli.guests()["web-server"]["vmid"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{vmid}/config", memory="1024", onboot="1")
    member = cli.ok("status", "infrastructure", "-o", "json").json[0]["members"][-1]
    assert (member["state"], member["detail"]) == ("drifted", "memory is 1024, not 8192")
    cli.ok("apply", "-f", "infrastructure.yaml")
    config = cli.api("GET", f"/nodes/pve-node1/qemu/{vmid}/config")
    assert (config["memory"], config["onboot"]) == ("8192", 1), "what nobody declared is left alone"


def test_a_guest_that_moved_is_the_same_guest(cli: Cli) -> None:
    cli.write("infrastructure.yaml", INFRASTRUCTURE)
    cli.ok("apply", "-f", "infrastructure.yaml")
    vmid = cli.guests()["web-server"]["vmid"]
    cli.api("POST", f"/nodes/pve-node1/qemu/{vmid}/migrate", target="pve-node2")
    assert cli.guests()["web-server"]["node"] == "pve-node2"
    assert cli.ok("plan", "-f", "infrastructure.yaml", "-o", "json").json["empty"]


def test_a_lost_store_deletes_nothing_and_finds_its_guests_again(cli: Cli, tmp_path: Path) -> None:
    cli.write("infrastructure.yaml", INFRASTRUCTURE)
    cli.ok("apply", "-f", "infrastructure.yaml")
    token_id, _, secret = cli.ready["token"].partition("=")
    for file in (tmp_path / "home").rglob("*.db*"):
        file.unlink()
    cli.ok(
        "config", "set-context", "lab", "--endpoint", cli.ready["url"], "--token-id", token_id, "--token-secret", secret
    )
    plan = cli.ok("plan", "-f", "infrastructure.yaml", "--prune", "-o", "json").json
    assert plan["empty"], plan


def test_a_saved_plan_is_applied_exactly_or_not_at_all(cli: Cli) -> None:
    secret = INFRASTRUCTURE + "  cloudInit: { user: admin, password: hunter2-secret }\n"
    cli.write("infrastructure.yaml", secret)
    cli.ok("plan", "-f", "infrastructure.yaml", "--out", "saved.plan")
    assert "hunter2-secret" not in (cli.workspace / "saved.plan").read_text()
    cli.ok("apply", "saved.plan")
    assert "web-server" in cli.guests()
    again = cli("apply", "saved.plan")
    assert again.code == 6
    assert "moved on" in again.err


def test_secrets_reach_no_output(cli: Cli, tmp_path: Path) -> None:
    cli.write("i.yaml", INFRASTRUCTURE + "  cloudInit: { user: admin, password: hunter2-secret }\n")
    answers = [
        cli("plan", "-f", "i.yaml"),
        cli("plan", "-f", "i.yaml", "-o", "json"),
        cli("diff", "-f", "i.yaml"),
        cli("apply", "-f", "i.yaml", "-o", "json"),
        cli("history", "i", "-o", "json"),
        cli("history", "i", "--revision", "1"),
        cli("get", "vms", "-o", "yaml"),
        cli("describe", "vm", "web-server"),
        cli("status", "i", "-o", "json"),
    ]
    for answer in answers:
        assert "hunter2-secret" not in answer.out + answer.err
    for file in (tmp_path / "home").rglob("*"):
        assert file.is_dir() or b"hunter2-secret" not in file.read_bytes(), file
    vmid = cli.guests()["web-server"]["vmid"]
    assert cli.api("GET", f"/nodes/pve-node1/qemu/{vmid}/config")["cipassword"] == "**********"
    assert cli.ok("plan", "-f", "i.yaml", "-o", "json").json["empty"]
    cli.write("i.yaml", INFRASTRUCTURE + "  cloudInit: { user: admin, password: another-secret }\n")
    changed = cli.ok("plan", "-f", "i.yaml", "-o", "json").json
    assert [c["path"] for c in changed["steps"][0]["changes"]] == ["cloudInit.password"]
