"""Taking over what exists: shown first, changed in nothing, and from then on owned like anything else."""

from __future__ import annotations

from tests.e2e.conftest import Cli

POOL = "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: lab }\nspec: { comment: Ours }\n"


def configured(cli: Cli, vmid: int, node: str) -> dict[str, object]:
    config = cli.api("GET", f"/nodes/{node}/qemu/{vmid}/config")
    return {key: value for key, value in config.items() if key not in ("digest", "description", "tags", "meta")}


def test_what_would_be_owned_is_shown_first_and_nothing_happens(cli: Cli) -> None:
    before = cli.api("GET", "/nodes/pve-node1/qemu/9000/config")
    shown = cli.ok("adopt", "vms", "--app", "old", "--dry-run").out
    assert "→ VirtualMachine default/debian-12-template  adopt" in shown
    refused = cli("adopt", "vms", "--app", "old")
    assert refused.code == 6
    assert "--yes" in refused.err
    assert cli.api("GET", "/nodes/pve-node1/qemu/9000/config") == before
    assert cli.ok("status").out.strip() == "" or "old" not in cli.ok("status").out


def test_what_was_adopted_is_owned_unchanged_and_can_be_changed(cli: Cli) -> None:
    before = configured(cli, 9000, "pve-node1")
    cli.ok("adopt", "vm", "9000", "--app", "old", "--yes")
    assert configured(cli, 9000, "pve-node1") == before
    assert cli.ok("adopt", "vm", "9000", "--app", "old", "--yes").out.strip() == "nothing to adopt"
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
