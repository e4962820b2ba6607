"""Taking over what exists: shown first, changed in nothing, and from then on owned like anything else."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Cli

pytestmark = pytest.mark.everywhere("soak")

POOL = "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: lab }\nspec: { comment: Ours }\n"


def configured(cli: Cli, vmid: int, node: str) -> dict[str, object]:
    config = cli.api("GET", f"/nodes/{node}/qemu/{vmid}/config")
    return {key: value for key, value in config.items() if key not in ("digest", "description", "tags", "meta")}


def test_what_would_be_owned_is_shown_first_and_nothing_happens(cli: Cli) -> None:
    before = cli.api("GET", "/nodes/pve-node1/qemu/9000/config")
    shown = cli.ok("adopt", "vmtemplates", "--app", "old", "--dry-run").out
    assert "→ VirtualMachineTemplate default/debian-12-template  adopt" in shown
    refused = cli("adopt", "vmtemplates", "--app", "old")
    assert refused.code == 6
    assert "--yes" in refused.err
    assert cli.api("GET", "/nodes/pve-node1/qemu/9000/config") == before
    assert cli.ok("status").out.strip() == "" or "old" not in cli.ok("status").out


def test_what_was_adopted_is_owned_unchanged_and_can_be_changed(cli: Cli) -> None:
    before = configured(cli, 9000, "pve-node1")
    cli.ok("adopt", "vmt", "9000", "--app", "old", "--yes")
    assert configured(cli, 9000, "pve-node1") == before
    assert cli.ok("adopt", "vmt", "9000", "--app", "old", "--yes").out.strip() == "nothing to adopt"
    cli.ok("adopt", "--all", "--app", "old", "--yes")
    members = cli.ok("status", "old", "-o", "json").json[0]["members"]
    assert [member for member in members if member["state"] != "synced"] == []
    assert len({member["kind"] for member in members}) > 3
    cli.ok("export", "manifests", "--out", "live")
    plan = cli.ok("plan", "-f", "live", "-R", "--app", "old", "--prune").out
    assert plan.startswith("No changes.")


def test_what_differs_is_refused_and_what_is_another_s_is_left(cli: Cli) -> None:
    cli.api("POST", "/pools", poolid="lab", comment="Theirs")
    differs = cli("adopt", "-f", cli.write("lab.yaml", POOL), "--yes")
    assert differs.code == 6
    assert "Pool lab: comment" in differs.err
    gone = cli("adopt", "-f", cli.write("none.yaml", POOL.replace("lab", "none")), "--yes")
    assert gone.code == 6
    assert "Pool none: is not there" in gone.err
    assert [row.get("comment") for row in cli.api("GET", "/pools") if row["poolid"] == "lab"] == ["Theirs"]
    cli.ok("adopt", "pool", "lab", "--app", "first", "--yes")
    second = cli.ok("adopt", "pool", "lab", "--app", "second", "--yes").out
    assert "belongs to application 'first'" in second


def test_what_to_adopt_must_be_said(cli: Cli) -> None:
    assert cli("adopt", "vms").code == 2
    assert "adopt --all" in cli("adopt", "--app", "x").err
    assert cli("adopt", "vm", "nobody", "--app", "x").code == 5


def test_what_the_application_declares_already_is_not_taken_for_all_that_lives(cli: Cli) -> None:
    """To adopt a second guest must not make the next apply reset what the first one's manifest never named."""
    for vmid, name in ((101, "first"), (102, "second")):
        net = "virtio=BC:24:11:00:00:01,bridge=vmbr0"
        cli.api("POST", "/nodes/pve-node1/qemu", vmid=vmid, name=name, memory=1024, cores=2, net0=net, onboot=1)
    narrow = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: first }\nspec: { cpu: { cores: 2 } }\n"
    cli.ok("adopt", "-f", cli.write("shop.yaml", narrow), "--yes")
    cli.ok("adopt", "vms", "--app", "shop", "--yes")
    assert cli.ok("plan", "-f", "shop.yaml").out.startswith("No changes.")


def test_a_namespace_is_meant_also_for_manifests_that_name_none(cli: Cli) -> None:
    cli.api("POST", "/pools", poolid="production")
    cli.api("POST", "/nodes/pve-node1/qemu", vmid=101, name="web", memory=1024, pool="production")
    text = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: web }\nspec: { memory: 1024 }\n"
    shown = cli.ok("adopt", "-f", cli.write("web.yaml", text), "-n", "production", "--dry-run").out
    assert "→ VirtualMachine production/web  adopt" in shown
    wrong = cli("adopt", "storage", "local", "-n", "production", "--app", "x", "--yes")
    assert (wrong.code, "cluster-wide" in wrong.err) == (2, True)


def test_one_firewall_has_one_owner_whatever_it_is_called(cli: Cli) -> None:
    cli.api("POST", "/nodes/pve-node1/qemu", vmid=101, name="web", memory=1024)
    text = "apiVersion: proxmox.io/v1\nkind: FirewallOptions\nmetadata: { name: guest/101 }\nspec: { enabled: true }\n"
    cli.ok("apply", "-f", cli.write("fw.yaml", text))
    shown = cli.ok("adopt", "firewalloptions", "--app", "lab", "--yes").out
    assert "FirewallOptions guest/web: belongs to application 'fw (as guest/101)'" in shown
    other = cli("apply", "-f", cli.write("other.yaml", text.replace("guest/101", "guest/web").replace("true", "false")))
    assert (other.code, "belongs to application" in other.out + other.err) == (6, True)


def test_a_manifest_that_says_less_than_what_was_adopted_takes_nothing_away(cli: Cli) -> None:
    net = "virtio=BC:24:11:00:00:01,bridge=vmbr0"
    cli.api("POST", "/nodes/pve-node1/qemu", vmid=101, name="byhand", memory=1024, net0=net, scsi0="local-lvm:4")
    cli.ok("adopt", "vm", "byhand", "--app", "hand", "--yes")
    text = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: byhand }\nspec: { memory: 2048 }\n"
    cli.ok("apply", "-f", cli.write("hand.yaml", text))
    config = cli.api("GET", "/nodes/pve-node1/qemu/101/config")
    assert (config["memory"], config["net0"].split(",")[1]) == ("2048", "bridge=vmbr0")
    assert "scsi0" in config


def test_one_of_two_guests_of_a_name_is_adopted_by_its_vmid(cli: Cli) -> None:
    for vmid in (101, 102):
        cli.api("POST", "/nodes/pve-node1/qemu", vmid=vmid, name="twin", memory=1024)
    cli.ok("adopt", "vm", "102", "--app", "mine", "--yes")
    assert [m["where"].split()[0] for m in cli.ok("status", "mine", "-o", "json").json[0]["members"]] == ["102"]
