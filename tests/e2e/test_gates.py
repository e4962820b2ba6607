"""Gates and saved plans, as a person meets them: which change, which gate, the exact flag, and what moved."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Cli

pytestmark = pytest.mark.everywhere("soak")

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: NAME, namespace: SPACE, annotations: { NOTES } }
spec: { node: pve-node1, memory: 512, disks: [{ storage: local-lvm, size: 1G }], MORE }
"""


def vm(name: str = "web", notes: str = "", more: str = "onboot: true", space: str = "default") -> str:
    return VM.replace("NAME", name).replace("SPACE", space).replace("NOTES", notes).replace("MORE", more)


def several(count: int) -> str:
    return "---\n".join(vm(f"web-{n}") for n in range(count))


PROTECTED = "proxmox.io/protect: 'true'"
RETAINED = "proxmox.io/deletion-policy: retain"
BRIDGE = """\
---
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: shop }
spec: {}
"""


def test_a_protected_guest_survives_replacement_pruning_and_deletion_by_name(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", vm(notes=PROTECTED, more="vmid: 400") + BRIDGE))
    vmid = cli.guests()["web"]["vmid"]
    for command in (
        ("apply", "-f", cli.write("gone.yaml", BRIDGE), "--app", "vm", "--prune", "--allow", "data-loss", "--yes"),
        ("apply", "-f", cli.write("vm.yaml", vm(notes=PROTECTED, more="vmid: 555")), "--allow", "data-loss", "--yes"),
        ("delete", "vm", "web", "--yes"),
    ):
        refused = cli(*command)
        assert refused.code == 6, refused
        assert "proxmox.io/protect says no" in refused.err
        assert cli.guests()["web"]["vmid"] == vmid
    cli.ok("apply", "-f", cli.write("vm.yaml", vm() + BRIDGE))
    cli.ok("delete", "vm", "web", "--yes")
    assert "web" not in cli.guests()


def test_what_is_retained_is_given_up_and_stays(cli: Cli) -> None:
    cli.ok(
        "apply", "-f", cli.write("vm.yaml", vm(notes=RETAINED, more="description: My own words", space="tier") + BRIDGE)
    )
    shown = cli.ok("delete", "-f", "vm.yaml", "--yes").out
    assert "stays, and is nobody's any more" in shown
    assert "web" in cli.guests(), "it lives on"
    assert {pool["poolid"] for pool in cli.api("GET", "/pools")} == {"tier"}, "in its pool"
    assert cli.ok("describe", "vm", "web", "-o", "json").json[0]["application"] == ""
    guest = cli.guests()["web"]
    config = cli.api("GET", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/config")
    assert config["description"].strip() == "My own words"
    assert "tags" not in config
    cli.ok("apply", "-f", cli.write("other.yaml", vm(space="tier")), "--adopt")
    assert cli.ok("plan", "-f", "other.yaml", "-o", "json").json["empty"]


def test_a_folder_that_lost_its_files_deletes_nothing(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("fleet.yaml", several(6)))
    cli.write("fleet.yaml", several(1))
    refused = cli("apply", "-f", "fleet.yaml", "--prune", "--allow", "data-loss", "--yes")
    assert refused.code == 6
    assert "5 objects would be deleted or replaced that nobody named to be, more than 3" in refused.err
    assert "--max-deletions 5" in refused.err
    assert len([name for name in cli.guests() if name.startswith("web-")]) == 6
    selected = cli("delete", "vms", "-l", "proxmox-mpc", "--max-deletions", "5", "--yes")
    assert selected.code == 6
    assert "--max-deletions 6" in selected.err
    cli.ok("apply", "-f", "fleet.yaml", "--prune", "--allow", "data-loss", "--max-deletions", "5", "--yes")
    assert [name for name in cli.guests() if name.startswith("web-")] == ["web-0"]
    cli.ok("delete", "vms", "-l", "proxmox-mpc", "--yes")


def test_pves_protection_is_seen_before_anything_is_sent(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", vm(more="protection: true")))
    refused = cli("delete", "vm", "web", "--yes")
    assert refused.code == 6
    assert "gate: PVE protection" in refused.err
    assert "set spec.protection: false" in refused.err


def test_a_misspelt_policy_is_an_error_at_its_place(bare: Cli) -> None:
    answer = bare("validate", "-f", bare.write("vm.yaml", vm(notes="proxmox.io/protected: 'true'")))
    assert answer.code == 1
    assert "vm.yaml:3:" in answer.err
    assert "did you mean proxmox.io/protect?" in answer.err


def test_a_plan_is_approved_by_its_hash_and_no_other_is_applied(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", vm() + "---\n" + vm("db")))
    cli.write("vm.yaml", "---\n".join(vm(name, more="cpu: { cores: 2 }") for name in ("web", "db")))
    plan = cli.ok("plan", "-f", "vm.yaml", "-o", "json").json
    for word in ("12", "zzz", ""):
        assert cli("apply", "-f", "vm.yaml", "--approve", word or "123456Z8").code == 2
    guest = cli.guests()["web"]
    cli.api("PUT", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/config", cores="7")
    moved = cli("apply", "-f", "vm.yaml", "--approve", plan["hash"][:12])
    assert moved.code == 6
    assert "What moved since" in moved.err
    assert "cpu.cores: was 1, is 7 now" in moved.err
    assert "VirtualMachine default/db" not in moved.err, "nobody touched it"
    again = cli.ok("plan", "-f", "vm.yaml", "-o", "json").json
    cli.ok("apply", "-f", "vm.yaml", "--approve", again["hash"][:12])
    assert cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["empty"]


def test_a_saved_plan_shows_what_moved(cli: Cli) -> None:
    cli.write("vm.yaml", vm() + "---\n" + vm("db"))
    cli.ok("plan", "-f", "vm.yaml", "--out", "plan.json")
    cli.ok("apply", "-f", cli.write("db.yaml", vm("db")), "--app", "vm")
    moved = cli("apply", "plan.json")
    assert moved.code == 6
    assert "VirtualMachine default/db: create is not needed any more" in moved.err
    assert "web" not in cli.guests()


def test_an_approval_is_leave_to_destroy_without_a_question(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", vm() + BRIDGE))
    cli.write("vm.yaml", BRIDGE.removeprefix("---\n"))
    flags = ("-f", "vm.yaml", "--prune", "--allow", "data-loss")
    plan = json.loads(cli.ok("plan", *flags, "-o", "json").out)
    assert cli("apply", *flags).code == 6, "nobody is here to answer"
    assert cli("apply", *flags, "--approve", "00000000").code == 6
    assert "web" in cli.guests()
    cli.ok("apply", *flags, "--approve", plan["hash"])
    assert "web" not in cli.guests()


def test_another_store_sees_the_policies_on_the_cluster_itself(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    both = f"{PROTECTED}, {RETAINED}"
    cli.ok("apply", "-f", cli.write("vm.yaml", vm()))
    cli.ok("apply", "-f", cli.write("vm.yaml", vm(notes=both)))
    assert cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["empty"]
    monkeypatch.setenv("PROXMOX_MPC_HOME", str(cli.workspace.parent / "elsewhere"))
    token_id, _, secret = cli.ready["token"].partition("=")
    login = ("--token-id", token_id, "--token-secret", secret)
    cli.ok("config", "set-context", "lab", "--endpoint", cli.ready["url"], *login)
    shown = cli.ok("delete", "vm", "web", "--yes").out
    assert "stays, and is nobody's any more" in shown
    assert "web" in cli.guests()


TWO = vm(more="onboot: true").replace("size: 1G }]", "size: 1G }, { slot: scsi1, storage: local-lvm, size: 2G }]")
ONE = TWO.replace(", { slot: scsi1, storage: local-lvm, size: 2G }", "")


def test_no_other_volume_is_destroyed_than_the_one_that_was_in_the_plan(cli: Cli) -> None:
    cli.ok(
        "apply",
        "-f",
        cli.write(
            "vm.yaml", TWO.replace("{ storage: local-lvm, size: 1G }", "{ slot: scsi0, storage: local-lvm, size: 1G }")
        ),
    )
    cli.write(
        "vm.yaml", ONE.replace("{ storage: local-lvm, size: 1G }", "{ slot: scsi0, storage: local-lvm, size: 1G }")
    )
    plan = cli.ok("plan", "-f", "vm.yaml", "--allow", "data-loss", "--out", "p.json").out
    assert "vm-100-disk-1" in plan, "which volume it is stands in the plan"
    path = f"/nodes/pve-node1/qemu/{cli.guests()['web']['vmid']}/config"
    cli.api("PUT", path, delete="scsi1")
    cli.api("PUT", path, scsi1="local-lvm:2")
    refused = cli("apply", "p.json", "--yes")
    assert refused.code == 6, refused
    assert "vm-100-disk-2" in str(cli.api("GET", path)["scsi1"])


def test_deleting_one_of_several_leaves_the_rest_to_roll_back_to(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("s.yaml", vm("web") + "---\n" + vm("db")))
    cli.ok("delete", "vm", "web", "--yes")
    revisions = cli.ok("history", "s", "-o", "json").json
    assert [revision["status"] for revision in revisions][-1] == "deployed"
    cli.ok("rollback", "s", "2", "--yes")
    assert "db" in cli.guests()
    cli.ok("delete", "vm", "db", "--yes")
    assert cli.ok("history", "s", "-o", "json").json[-1]["status"] == "uninstalled"


def test_what_is_protected_says_so_before_any_flag_is_offered(cli: Cli) -> None:
    two = "{ slot: scsi0, storage: local-lvm, size: 1G }, { slot: scsi1, storage: local-lvm, size: 1G }"
    one = vm(notes=PROTECTED).replace(
        "{ storage: local-lvm, size: 1G }", "{ slot: scsi0, storage: local-lvm, size: 1G }"
    )
    cli.ok("apply", "-f", cli.write("vm.yaml", one.replace("{ slot: scsi0, storage: local-lvm, size: 1G }", two)))
    plan = cli.ok("plan", "-f", cli.write("vm.yaml", one)).out
    assert "proxmox.io/protect says no" in plan
    assert "--allow" not in plan
