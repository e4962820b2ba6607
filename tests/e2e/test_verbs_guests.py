"""Verbs on guests as they are typed: cloned, moved, grown, tagged, kept, restored, and programs run in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli, simulated
from tests.e2e.gate import gate_before
from tests.e2e.test_crash_safety import Place, place, place_before  # noqa: F401  a fixture
from tests.e2e.test_verbs_power import ONE, THREE, TWO, fault, items, states

pytestmark = pytest.mark.everywhere("soak")

TEMPLATE = "debian-12-template"
GUESTS: list[dict[str, Any]] = [
    {
        "vmid": 100,
        "type": "qemu",
        "node": ONE,
        "status": "running",
        "config": {
            "name": "web",
            "memory": 512,
            "agent": "1",
            "tags": "env-prod",
            "boot": "order=scsi0",
            "scsi0": "local-lvm:vm-100-disk-0,size=8G",
        },
    },
    {"vmid": 101, "type": "qemu", "node": TWO, "config": {"name": "db", "scsi0": "local-lvm:vm-101-disk-0,size=4G"}},
    {
        "vmid": 102,
        "type": "lxc",
        "node": THREE,
        "status": "running",
        "config": {"hostname": "cache", "rootfs": "local-lvm:vm-102-disk-0,size=1G"},
    },
]
SHOP = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: shop, annotations: { proxmox.io/protect: "true" } }
spec:
  node: pve-node1
  memory: 64
  disks: [{ storage: local-lvm, size: 1G }]
  tags: [env-prod]
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[dict[str, Any]]:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"guests": GUESTS}))
    with simulated("--seed", str(seed)) as ready:
        yield ready


def config(cli: Cli, name: str) -> dict[str, Any]:
    row = cli.guests()[name]
    found: dict[str, Any] = cli.api("GET", f"/nodes/{row['node']}/{row['type']}/{row['vmid']}/config")
    return found


def names(cli: Cli, guest: str) -> list[str]:
    return [item["name"] for item in cli.ok("snapshot", "list", guest, "-o", "json").json["items"]]


def test_a_dry_run_of_any_verb_sends_nothing(cli: Cli) -> None:
    cli.ok("snapshot", "create", "db", "before")
    cli.ok("backup", "db", "--storage", "local")
    with gate_before(cli.ready["url"]) as gate:
        token_id, _, secret = cli.ready["token"].partition("=")
        login = ("--token-id", token_id, "--token-secret", secret)
        cli.ok("config", "set-context", "lab", "--endpoint", gate.url, *login)
        _dry_runs(cli)
        assert gate.writes == [], "what stands before the cluster saw nothing but reads"
    assert set(cli.guests()) == {"web", "db", "cache", TEMPLATE}


def _dry_runs(cli: Cli) -> None:
    for verb in ("start", "stop", "shutdown", "reboot", "reset", "suspend", "resume"):
        cli(verb, "vms", "--all", "--dry-run")
    cli.ok("create", "vm", "new", "--template", TEMPLATE, "--dry-run")
    for words in (
        ("clone", "db", "copy"),
        ("migrate", "--all", "--to", "auto"),
        ("resize", "web", "scsi0", "+1G"),
        ("tag", "--all", "+seen"),
        ("vm", "template", "db"),
        ("snapshot", "create", "--all", "nightly"),
        ("snapshot", "rollback", "db", "before"),
        ("snapshot", "delete", "db", "before"),
        ("backup", "--all", "--storage", "local"),
        ("restore", "db", "--latest", "--force"),
        ("exec", "web", "--dry-run", "--", "hostname"),
    ):
        answer = cli.ok(*words[:2], "--dry-run", *words[2:]) if words[0] != "exec" else cli.ok(*words)
        assert "To do: " in answer.out, words


def test_a_template_is_cloned_as_often_as_there_are_names(cli: Cli) -> None:
    answer = cli.ok("clone", TEMPLATE, "a", "b", "--linked", "--node", TWO, "--start", "-o", "json")
    assert items(answer) == {"a": "done", "b": "done"}
    guests = cli.guests()
    assert {guests[name]["node"] for name in "ab"} == {TWO}
    assert {states(cli)[name] for name in "ab"} == {"running"}
    assert {item["vmid"] for item in answer.json["items"]} == {guests["a"]["vmid"], guests["b"]["vmid"]}
    taken = cli("clone", TEMPLATE, "a")
    assert (taken.code, "a guest is called a already" in taken.out) == (6, True)
    assert "is no template" in cli("clone", "web", "c", "--linked").out
    assert "there is no node 'nowhere'" in cli("clone", "web", "c", "--node", "nowhere").out
    assert cli("clone", "web").code == 2
    assert set(cli.guests()) == {"web", "db", "cache", TEMPLATE, "a", "b"}


def test_a_clone_is_nobodys_and_says_nothing_of_its_sources_owner(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    cli.ok("clone", "shop", "copy")
    assert config(cli, "copy")["description"].startswith("Clone of shop")
    assert config(cli, "copy")["tags"] == "env-prod"
    assert "Owner:        nobody" in cli.ok("describe", "vm", "copy").out
    assert cli("plan", "-f", "shop.yaml", "--exit-code").code == 0
    adopted = SHOP.replace("name: shop", "name: copy")
    assert "copy: exists, not owned" in cli("plan", "-f", cli.write("copy.yaml", adopted)).out, "it is free to be owned"


def test_clones_that_fail_are_tried_again_by_their_names(cli: Cli) -> None:
    fault(cli, fault="fail_task", type="qmclone", error="no space left", times="1")
    answer = cli("clone", "vm", "db", "one", "two", "--vmid", "500")
    assert answer.code == 2
    answer = cli("clone", "vm", "db", "one", "two")
    assert answer.code == 1
    failed = next(name for name in ("one", "two") if name not in cli.guests())
    assert f"proxmox-cli clone vm db {failed}\n" in answer.out
    cli.ok("clone", "vm", "db", failed)
    assert {"one", "two"} <= set(cli.guests())


@pytest.mark.parametrize("how", ["hold request", "hold answer"])
def test_a_killed_clone_is_told_of_and_not_remembered_for_ever(place: Place, how: str) -> None:  # noqa: F811
    hold = place.gate.hold_answer if how == "hold answer" else place.gate.hold_request
    place.kill_at(hold("POST", r"/clone$"), "clone", TEMPLATE, "copy")
    answer = place.cli("start", "nobody")
    expected = "(VMID 100) was not made" if how == "hold request" else "(VMID 100) is on pve-node1, whole"
    for _ in range(50):
        if expected in answer.err:
            break
        assert "still runs" in answer.err or "VirtualMachine default/copy" in answer.err, answer
        answer = place.cli("start", "nobody")
    assert expected in answer.err
    assert place.ask("select count(*) from resources where application like 'guests/%'") == [(0,)]
    assert "note:" not in place.cli("start", "nobody").err


def test_guests_move_with_their_disks(cli: Cli) -> None:
    assert items(cli.ok("migrate", "web", "db", "--to", TWO, "-o", "json")) == {"web": "done", "db": "skipped"}
    assert (cli.guests()["web"]["node"], states(cli)["web"]) == (TWO, "running")
    refused = cli("migrate", "cache", "--to", ONE)
    assert (refused.code, "by a restart: it is down meanwhile" in refused.out) == (6, True)
    cli.ok("migrate", "cache", "--to", ONE, "--yes")
    assert (cli.guests()["cache"]["node"], states(cli)["cache"]) == (ONE, "running")
    cli.ok("migrate", "vms", "--field-selector", f"node={TWO}", "--to", "auto")
    assert TWO not in {row["node"] for name, row in cli.guests().items() if name in ("web", "db")}
    assert "there is no node 'nowhere' online" in cli("migrate", "web", "--to", "nowhere").out


def test_guests_under_ha_are_moved_by_the_manager(cli: Cli) -> None:
    cli.api("POST", f"/nodes/{ONE}/qemu", vmid=150, name="bare", memory=64)
    cli.api("POST", "/cluster/ha/resources", sid="vm:150", state="started")
    while states(cli)["bare"] != "running":
        pass
    cli.ok("migrate", "bare", "--to", THREE)
    assert cli.guests()["bare"]["node"] == THREE


def test_disks_grow_and_never_shrink(cli: Cli) -> None:
    cli.ok("resize", "web", "db", "scsi0", "+2G")
    assert (config(cli, "web")["scsi0"][-9:], config(cli, "db")["scsi0"][-7:]) == (",size=10G", "size=6G")
    assert "web has a scsi0 of 10G already" in cli.ok("resize", "web", "scsi0", "10G").out.replace(":", "")
    for words, text in {
        ("web", "scsi0", "1G"): "a disk cannot shrink",
        ("web", "scsi9", "1G"): "it has scsi0",
        ("web", "scsi0", "big"): "'big' is no size",
        ("1G",): "some words are missing",
    }.items():
        answer = cli("resize", *words)
        assert answer.code != 0
        assert text in answer.out + answer.err
    cli.ok("resize", "ct", "cache", "rootfs", "3G")
    assert "size=3G" in config(cli, "cache")["rootfs"]


def test_growing_is_typed_again_as_the_whole_size_and_happens_once(cli: Cli) -> None:
    fault(cli, fault="drop", method="PUT", path="/resize$", times="2", done="true")
    answer = cli("resize", "web", "db", "scsi0", "+2G")
    assert answer.code != 0
    again = [line.partition("again: proxmox-cli ")[2] for line in answer.out.splitlines() if "again: " in line]
    assert sorted(again) == ["resize vm/db scsi0 6G", "resize vm/web scsi0 10G"]
    noted = [cli.ok(*command.split()).err for command in again]
    assert (config(cli, "web")["scsi0"][-9:], config(cli, "db")["scsi0"][-7:]) == (",size=10G", "size=6G")
    assert "may have been done: VirtualMachine default/" in noted[0]
    assert "look first: proxmox-cli tasks" in noted[0]
    assert "left alone" not in noted[0]


def test_what_is_known_of_a_killed_verb_is_said_and_only_the_rest_is_to_be_typed_again(place: Place) -> None:  # noqa: F811
    for name in ("one", "two"):
        place.cli.api("POST", f"/nodes/{ONE}/qemu", vmid={"one": 500, "two": 501}[name], name=name, scsi0="local-lvm:1")
    place.kill_at(place.gate.hold_answer("PUT", r"/500/resize$"), "resize", "one", "scsi0", "+1G")
    assert (
        "may have been done: VirtualMachine default/one; look first: proxmox-cli tasks" in place.cli("start", "no").err
    )
    place.kill_at(place.gate.hold_request("GET", r"/tasks/UPID:.*resize"), "resize", "two", "scsi0", "+1G")
    noted = place.cli("start", "no").err
    assert "done: VirtualMachine default/two; type it again only for the others" in noted
    assert "may have been" not in noted


def test_tags_are_given_and_taken(cli: Cli) -> None:
    cli.ok("tag", "web", "db", "+env=test", "--remove", "env-prod")
    assert (config(cli, "web")["tags"], config(cli, "db")["tags"]) == ("env-test", "env-test")
    cli.ok("tag", "web", "blue", "green")
    cli.ok("tag", "-l", "blue", "--", "-green", "+red")
    assert config(cli, "web")["tags"] == "blue;env-test;red"
    assert "tagged so already" in cli.ok("tag", "web", "+red").out
    cli.ok("tag", "db", "--remove", "env-test")
    assert "tags" not in config(cli, "db")
    for words in (("tag", "web"), ("tag", "web", "+not ok"), ("tag", "web", "+proxmox-mpc")):
        assert cli(*words).code == 2
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    assert "application shop declares tags" in cli.ok("tag", "shop", "+more").out
    assert "proxmox-mpc" in config(cli, "shop")["tags"]
    assert cli("plan", "-f", "shop.yaml", "--exit-code").code == 3


def test_snapshots_are_taken_gone_back_to_and_deleted(cli: Cli) -> None:
    cli.ok("snapshot", "create", "web", "db", "before", "--description", "an upgrade")
    assert items(cli.ok("snapshot", "create", "vms", "--all", "before", "-o", "json")) == {
        "web": "skipped", "db": "skipped"
    }  # fmt: skip
    assert "an upgrade" in cli.ok("vm", "snapshot", "list", "web").out
    cli.ok("tag", "web", "+later")
    refused = cli("snapshot", "rollback", "web", "before")
    assert (refused.code, "all since" in refused.out, "stays off" in refused.out) == (6, True, True)
    cli.ok("snapshot", "rollback", "web", "before", "--yes", "--start")
    assert (config(cli, "web")["tags"], states(cli)["web"]) == ("env-prod", "running")
    assert cli("snapshot", "delete", "web", "before").code == 6
    cli.ok("vm", "snapshot", "delete", "web", "before", "--yes")
    assert (names(cli, "web"), names(cli, "db")) == ([], ["before"])
    assert items(cli.ok("snapshot", "delete", "vms", "--all", "before", "--yes", "-o", "json"))["web"] == "skipped"
    for words, text in {
        ("create", "web", "1st"): "cannot name a snapshot",
        ("create", "cache", "x1", "--memory"): "only VMs keep their memory",
        ("rollback", "web", "before", "--yes"): "web has no snapshot 'before'",
    }.items():
        answer = cli("snapshot", *words)
        assert answer.code != 0
        assert text in answer.out + answer.err


def test_what_a_manifest_protects_is_not_overwritten(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    cli.ok("snapshot", "create", "shop", "before")
    cli.ok("backup", "shop", "--storage", "local")
    for words in (("snapshot", "rollback", "shop", "before"), ("restore", "shop", "--latest", "--force")):
        answer = cli(*words, "--yes")
        assert answer.code == 6
        assert "proxmox.io/protect" in answer.out + answer.err


def test_a_guest_becomes_a_template(cli: Cli) -> None:
    assert "web is not off" in cli("vm", "template", "web", "--yes").out
    assert cli("vm", "template", "db").code == 6
    cli.ok("vm", "template", "db", "--yes")
    assert config(cli, "db")["template"] == 1
    assert "is a template already" in cli.ok("guest-template", "db").out
    cli.ok("clone", "db", "again", "--linked")


def test_guests_are_backed_up_and_restored(cli: Cli) -> None:
    answer = cli.ok(
        "backup", "db", "cache", "--storage", "local", "--protected", "--notes", "kept {{guestname}}", "-o", "json"
    )
    volids = {item["name"]: item["result"]["volid"] for item in answer.json["items"]}
    rows = {row["volid"]: row for row in cli.api("GET", f"/nodes/{TWO}/storage/local/content?content=backup")}
    assert (rows[volids["db"]]["notes"], rows[volids["db"]]["protected"]) == ("kept db", 1)
    assert "--storage: local, shared-nfs" in cli("backup", "db").out
    cli.ok("tag", "db", "+later")
    refused = cli("restore", volids["db"])
    assert (refused.code, "VMID 101 is there: db" in refused.err) == (6, True)
    asked = cli("restore", "db", "--latest", "--force")
    assert (asked.code, "all that it holds now is lost" in asked.out) == (6, True)
    assert config(cli, "db")["tags"] == "later"
    cli.ok("restore", volids["db"], "--allow", "data-loss", "--yes")
    assert "tags" not in config(cli, "db")
    cli.ok("restore", "cache", "--latest", "--name", "cache-2", "--start", "--storage", "local-lvm")
    assert states(cli)["cache-2"] == "running"
    assert cli.guests()["cache-2"]["vmid"] != 102
    running = cli("restore", "cache", "--latest", "--force", "--yes")
    assert (running.code, "is not off" in running.err) == (1, True)
    cli.ok("delete", "vm", "db", "--yes")
    cli.ok("restore", "101", "--latest")
    assert cli.guests()["db"]["vmid"] == 101
    assert "there is no backup" in cli("restore", "local:backup/nothing").err
    assert "there is no backup of 'web'" in cli("restore", "web", "--latest").err
    assert cli("backup", "web", "--storage", "local", "--mode", "stop").code == 6, "it goes down for it"


def test_the_latest_backup_of_a_reused_vmid_is_not_taken_for_that_of_its_new_guest(cli: Cli) -> None:
    backup = cli.ok("backup", "db", "--storage", "local", "-o", "json")
    volid = backup.json["items"][0]["result"]["volid"]
    cli.ok("delete", "vm", "db", "--yes")
    cli.api("POST", f"/nodes/{TWO}/qemu", vmid=101, name="stranger", tags="precious")
    for words in (("stranger",), ("101",), ("db",), ("stranger", "--name", "copy")):
        refused = cli("restore", *words, "--latest", "--force", "--yes")
        assert refused.code == 6, words
        assert "the latest backup of VMID 101 is of db, and that VMID is stranger by now" in refused.err
        assert f"proxmox-cli restore {volid}" in refused.err
    assert config(cli, "stranger")["tags"] == "precious"
    cli.ok("restore", "db", "--latest", "--name", "db-2")
    asked = cli("restore", volid, "--force")
    assert (asked.code, "becomes db, by its backup of" in asked.out) == (6, True)
    cli.ok("restore", volid, "--force", "--yes")
    assert cli.guests()["db"]["vmid"] == 101


def test_what_is_protected_stays_so_without_its_name_and_mark(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    volid = cli.ok("backup", "shop", "--storage", "local", "-o", "json").json["items"][0]["result"]["volid"]
    row = cli.guests()["shop"]
    cli.api("PUT", f"/nodes/{row['node']}/qemu/{row['vmid']}/config", name="other", delete="description")
    answer = cli("restore", volid, "--force", "--yes")
    assert (answer.code, "proxmox.io/protect" in answer.err) == (6, True), answer


def test_what_pruning_may_take_away_is_asked_before(cli: Cli) -> None:
    prune = ("backup", "--storage", "local", "--prune")
    cli.ok(*prune, "db")  # there is none yet that could go
    cli.ok("backup", "web", "--storage", "local", "--protected")
    before = cli.api("GET", f"/nodes/{TWO}/storage/local/content?content=backup")
    refused = cli(*prune, "db")
    assert refused.code == 6
    assert "1 older backup of it there may go, as the retention of local says" in refused.out
    assert cli.api("GET", f"/nodes/{TWO}/storage/local/content?content=backup") == before
    assert "may go" not in cli.ok(*prune, "web", "--dry-run").out, "it is protected"
    cli.ok(*prune, "db", "--yes")


def test_programs_run_in_vms_with_their_output_and_exit_code(cli: Cli) -> None:
    assert cli.ok("exec", "web", "--", "hostname").out == "web\n"
    cli.ok("clone", TEMPLATE, "other", "--start")
    assert cli.ok("exec", "web", "other", "--", "hostname").out == "other: other\nweb: web\n"
    bad = cli("exec", "web", "--", "cat", "/nowhere")
    assert (bad.code, "ended with exit code 1" in bad.err) == (1, True)
    told = cli("exec", "web", "-o", "json", "--", "hostname").json["items"][0]["result"]
    assert told == {"exitCode": 0, "stdout": "web\n", "stderr": "", "truncated": False}
    for words, text in {
        ("web",): "nothing says which program",
        ("db", "--", "ls"): "db does not run",
        ("cache", "--", "ls"): "PVE's API runs no programs in those",
        ("web", "--", "nosuch"): "Failed to execute child process",
    }.items():
        answer = cli("exec", *words)
        assert answer.code != 0
        assert text in answer.err + answer.out
    assert "cache" not in cli.ok("exec", "--all", "--", "hostname").out


def test_standard_input_is_typed_into_the_program(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("typed\n"))
    assert cli.ok("exec", "web", "-i", "--", "cat").out == "typed\n"
