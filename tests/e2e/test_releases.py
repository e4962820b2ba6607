"""The story of a release: installed, upgraded, failed and back, rolled back, tested, and gone without a trace."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.gate import Gate
from tests.e2e.place import Place, place
from tests.e2e.release import CHART, chart, fault, gate, memory, pool, states, write_chart

pytestmark = pytest.mark.everywhere("soak")

__all__ = ["chart", "gate", "place"]


def test_the_story_of_a_release(cli: Cli, chart: str, gate: Gate) -> None:
    pools = cli.api("GET", "/pools")
    before = cli.guests().keys()
    installed = cli.ok("install", "a", chart)
    assert installed.out.endswith("release a, revision 1: deployed\n\nWeb has 520 MiB, revision 1.\n")
    web = cli.guests()["a-web"]["vmid"]
    gate.writes.clear()
    cli.ok("upgrade", "a", chart, "--set", "web.memory=768")
    assert (memory(cli, "a-web"), memory(cli, "a-db")) == ("768", "1024")
    assert {path.split("/")[4] for method, path in gate.writes if "/qemu/" in path} == {str(web)}, "only web is touched"
    # The guest that is new cannot be made, so what was changed already is changed back.
    fault(cli, fault="fail_task", type="qmcreate", error="no space", times=1)
    failed = cli("upgrade", "a", chart, "--set", "extra=true,web.memory=1024", "--atomic")
    assert failed.code == 1
    assert "release 'a' failed and was rolled back to revision 2: 1 of " in failed.err
    assert memory(cli, "a-web") == "768"
    assert "a-extra" not in cli.guests()
    assert states(cli, "a") == ["superseded", "superseded", "failed", "deployed"]
    assert cli.ok("get", "values", "a").out == "web:\n  memory: 768\n"
    cli.ok("rollback", "a", "1")
    assert memory(cli, "a-web") == "520"
    assert cli.guests()["a-web"]["vmid"] == web, "it is the same machine all along"
    assert cli.ok("get", "notes", "a").out == "Web has 520 MiB, revision 1.\n"
    history = cli.ok("history", "a").out.splitlines()
    assert "CHART" in history[0]
    assert all("shop-1.2.3" in line for line in history[1:])
    assert "passed  a-memory" in cli.ok("test", "a").out
    cli.ok("uninstall", "a", "--yes")
    assert cli.guests().keys() == before
    assert cli.api("GET", "/pools") == pools
    assert cli.ok("list", "-o", "json").json == []


def test_two_releases_of_one_chart_know_nothing_of_each_other(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart)
    cli.ok("install", "b", chart, "--set", "web.memory=256", "-n", "other")
    assert (memory(cli, "a-web"), memory(cli, "b-web")) == ("520", "256")
    cli.ok("upgrade", "a", chart, "--set", "web.memory=640")
    assert memory(cli, "b-web") == "256"
    cli.ok("uninstall", "a", "--yes")
    assert {"b-web", "b-db"} <= cli.guests().keys()
    assert not {"a-web", "a-db"} & cli.guests().keys()
    assert [(item["name"], item["chart"], item["appVersion"]) for item in cli.ok("list", "-o", "json").json] == [
        ("b", "shop-1.2.3", "9")
    ]


def test_a_release_stays_in_its_namespace(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart, "-n", "tier")
    pool = cli.guests()["a-web"]["pool"]
    assert pool == "tier"
    planned = cli.ok("upgrade", "a", chart, "--dry-run")
    assert "No changes." in planned.out, "without -n it is where it was"
    cli.ok("upgrade", "a", chart, "--set", "web.memory=600")
    cli.ok("rollback", "a", "1")
    cli.ok("upgrade", "a", chart, "--set", "web.memory=700")
    assert (cli.guests()["a-web"]["pool"], memory(cli, "a-web")) == ("tier", "700")
    cli.ok("uninstall", "a", "--yes")
    assert cli.api("GET", "/pools") == []


def test_values_of_the_last_time_are_kept_laid_under_or_forgotten(cli: Cli, chart: str) -> None:
    def values() -> str:
        return cli.ok("get", "values", "a").out

    cli.ok("install", "a", chart, "--set", "web.memory=600")
    cli.ok("upgrade", "a", chart)
    assert values() == "web:\n  memory: 600\n", "without values those of the last time stay"
    cli.ok("upgrade", "a", chart, "--set", "db.memory=2048")
    assert values() == "db:\n  memory: 2048\n", "with values they are forgotten"
    assert (memory(cli, "a-web"), memory(cli, "a-db")) == ("520", "2048")
    cli.ok("upgrade", "a", chart, "--reuse-values", "--set", "web.memory=700")
    assert (memory(cli, "a-web"), memory(cli, "a-db")) == ("700", "2048")
    cli.write("shop/values.yaml", CHART["values.yaml"].replace("extra: false", "extra: true"))
    cli.ok("upgrade", "a", chart, "--reuse-values")
    assert "a-extra" not in cli.guests(), "defaults are those of the old chart"
    cli.ok("upgrade", "a", chart, "--reset-then-reuse-values")
    assert "a-extra" in cli.guests(), "the new chart's defaults, with the values of the last time"
    assert (memory(cli, "a-web"), memory(cli, "a-db")) == ("700", "2048")
    shrunk = cli("upgrade", "a", chart, "--reset-values", "--set", "extra=false", "--yes", "--allow", "data-loss")
    assert shrunk.code == 0, shrunk
    assert "a-extra" not in cli.guests(), "what the chart does not name any more goes"
    assert values() == "extra: false\n"
    assert "web:\n  memory: 520" in cli.ok("get", "all", "a").out


def test_numbers_are_written_as_helm_writes_them(cli: Cli) -> None:
    cli.ok("install", "a", write_chart(cli), "--set-json", "numbers=[100.0, 1.5, 12345678]")
    assert cli.ok("get", "values", "a").out == "numbers:\n- 100\n- 1.5\n- 12345678\n"


def test_an_upgrade_goes_on_from_the_last_that_was_reached(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart, "--set", "web.memory=600")
    fault(cli, fault="fail_task", type="qmcreate", error="no space", times=1)
    assert cli("upgrade", "a", chart, "--set", "extra=true").code == 1
    assert states(cli, "a") == ["deployed", "failed"]
    assert cli.ok("list", "--failed", "-o", "json").json[0]["name"] == "a"
    cli.ok("upgrade", "a", chart)
    assert cli.ok("get", "values", "a").out == "web:\n  memory: 600\n"
    assert "a-extra" not in cli.guests()
    assert states(cli, "a") == ["superseded", "failed", "deployed"]


def test_a_failed_install_is_taken_back_or_left_to_be_continued(cli: Cli, chart: str) -> None:
    before = cli.guests().keys()
    fault(cli, fault="fail_task", type="qmcreate", error="no space", times=1)
    failed = cli("install", "a", chart, "--atomic")
    assert (failed.code, cli.guests().keys()) == (1, before)
    assert "release 'a' failed and was uninstalled" in failed.err
    assert cli.ok("list", "-o", "json").json == []
    fault(cli, fault="fail_task", type="qmcreate", error="no space", times=1)
    assert cli("install", "a", chart).code == 1
    refused = cli("install", "a", chart)
    assert refused.code == 6
    assert "cannot reuse a name that is still in use" in refused.err
    cli.ok("apply", "--resume")
    assert {"a-web", "a-db"} <= cli.guests().keys()
    assert states(cli, "a") == ["failed", "deployed"]
    assert cli.ok("list", "-o", "json").json[0]["chart"] == "shop-1.2.3"
    cli.ok("test", "a")


def test_what_was_refused_beforehand_is_no_reason_to_go_back(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart, "--set", "extra=true")
    refused = cli("upgrade", "a", chart, "--reset-values", "--atomic", "--yes")
    assert refused.code == 6
    assert "--allow data-loss" in refused.err
    assert states(cli, "a") == ["deployed"]


def test_history_is_kept_for_a_rollback_if_that_is_asked_for(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart, "-n", "tier", "--set", "web.memory=600")
    kept = cli.ok("uninstall", "a", "--keep-history", "--yes")
    assert "proxmox-cli rollback a REVISION" in kept.out
    assert "a-web" not in cli.guests()
    assert cli.ok("list", "--uninstalled", "-o", "json").json[0]["name"] == "a"
    assert cli("upgrade", "a", chart).code == 5
    cli.ok("rollback", "a", "1")
    assert (memory(cli, "a-web"), cli.guests()["a-web"]["pool"]) == ("600", "tier")
    assert cli.ok("get", "values", "a").out == "web:\n  memory: 600\n"
    cli.ok("uninstall", "a", "--keep-history", "--yes")
    cli.ok("install", "a", chart)
    assert memory(cli, "a-web") == "520"
    cli.ok("uninstall", "a", "--yes")
    assert cli("history", "a").code == 5
    assert cli("uninstall", "a", "--yes").code == 5
    assert cli.ok("uninstall", "a", "--ignore-not-found").out == "release a is not there\n"


def test_an_upgrade_that_changes_nothing_but_the_notes_is_a_revision_that_can_be_rolled_back(
    cli: Cli, chart: str
) -> None:
    cli.ok("install", "a", chart)
    cli.ok("upgrade", "a", chart, "--set", "password=other")
    assert states(cli, "a") == ["superseded", "deployed"]
    cli.ok("rollback", "a", "1")
    assert cli.ok("get", "values", "a").out == "{}\n"
    assert states(cli, "a") == ["superseded", "superseded", "deployed"]


def test_looking_changes_nothing(cli: Cli, chart: str, gate: Gate) -> None:
    shown = cli.ok("install", "a", chart, "--dry-run")
    assert "name: a-web" in shown.out
    assert "a-memory" in shown.out, "hooks are shown, too"
    assert "Plan: 2 to create." in shown.out
    cli.ok("upgrade", "a", chart, "--install", "--dry-run")
    assert gate.writes == []
    assert cli.ok("list", "-o", "json").json == []
    assert cli("status", "a").code == 5


def test_the_last_words_of_a_chart_are_told_again(cli: Cli, chart: str) -> None:
    cli.ok("upgrade", "a", chart, "--install")
    shown = cli.ok("status", "a").out
    assert "revision 1 (deployed)  synced  shop-1.2.3" in shown
    assert shown.endswith("Web has 520 MiB, revision 1.\n")


def test_a_template_sees_the_live_cluster(cli: Cli) -> None:
    looked = """\
{{- $vm := lookup "proxmox.io/v1" "VirtualMachineTemplate" "" "debian-12-template" }}
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: looked }
spec: { comment: "{{ $vm.status.vmid }} of {{ .Capabilities.PVEVersion.Major }}, {{ lookup "proxmox.io/v1" "Role" "" "none" | len }}" }
"""
    chart = write_chart(cli, **{"templates/looked.yaml": looked})
    cli.ok("install", "a", chart)
    assert cli.api("GET", "/pools/looked")["comment"].startswith("9000 of 9, 0")


@pytest.mark.parametrize(
    ("value", "code", "told"),
    [
        ("web.memory=small", 1, "at '/web/memory': got string, want integer"),
        ("web.memory=8", 1, "at '/web/memory': minimum: got 8, want 16"),
        ("web.wrong=1", 1, "shop/templates/guests.yaml:"),
        ("hooks.x.at=pre-install", 1, "Job 'x': spec"),
    ],
)
def test_mistakes_are_told_before_anything_is_done(
    cli: Cli, chart: str, gate: Gate, value: str, code: int, told: str
) -> None:
    refused = cli("install", "a", chart, "--set", value)
    assert (refused.code, gate.writes) == (code, [])
    assert told in refused.err, refused.err
    assert cli.ok("list", "-o", "json").json == []


def test_a_mistake_names_the_line_of_its_template(cli: Cli, chart: str) -> None:
    refused = cli("install", "a", chart, "--set", "web.wrong=1")
    line = 1 + CHART["templates/guests.yaml"].splitlines().index("  wrong: {{ . }}")
    assert f"shop/templates/guests.yaml:{line}:" in refused.err


def test_manifests_are_not_applied_onto_a_release(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart)
    cli.write("a.yaml", "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: more }\n")
    refused = cli("apply", "-f", "a.yaml")
    assert refused.code == 6
    assert "is a release" in refused.err
    assert "proxmox-cli upgrade a CHART" in refused.err
    cli.ok("apply", "-f", "a.yaml", "--app", "pools")
    cli.ok("uninstall", "pools", "--yes")
    assert cli.api("GET", "/pools") == [], "an application that no chart made is uninstalled, too"
    cli.ok("delete", "vm", "a-web", "--yes")
    assert "a-web" not in cli.guests()
    cli.ok("upgrade", "a", chart)
    assert "a-web" in cli.guests(), "what was deleted by name is made anew"


def test_secrets_in_values_are_encrypted_and_in_no_history(cli: Cli, tmp_path: Path) -> None:
    guest = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: safe }
spec: { node: pve-node1, memory: 64, cloudInit: { storage: local-lvm, password: {{ .Values.password }} } }
"""
    chart = write_chart(cli, **{"templates/safe.yaml": guest})
    answers = [
        cli("install", "a", chart, "--set", "password=hunter2-secret"),
        cli("history", "a", "-o", "json"),
        cli("history", "a", "--revision", "1"),
        cli("status", "a", "-o", "json"),
        cli("list", "-o", "json"),
    ]
    for answer in answers:
        assert answer.code == 0, answer
        assert "hunter2-secret" not in answer.out + answer.err
    for file in (tmp_path / "home").rglob("*"):
        assert file.is_dir() or b"hunter2-secret" not in file.read_bytes(), file
    assert "hunter2-secret" in cli.ok("get", "values", "a").out


def test_two_upgrades_at_once_do_not_meet(cli: Cli, chart: str, gate: Gate) -> None:
    cli.ok("install", "a", chart)
    held = gate.hold_request("POST", r"/qemu/\d+/config$")
    answers: list[int] = []
    with Place(cli, gate).start("upgrade", "a", chart, "--set", "web.memory=600") as first:
        held.wait()
        second = cli("upgrade", "a", chart, "--set", "web.memory=700", "--atomic")
        answers.append(second.code)
        held.go_on.set()
        first.communicate(timeout=60)
    assert (first.returncode, answers) == (0, [7]), second
    assert memory(cli, "a-web") == "600"
    assert states(cli, "a") == ["superseded", "deployed"]


def test_an_install_that_was_killed_is_continued_with_its_hooks(place: Place) -> None:
    chart = write_chart(place.cli)
    place.cli.write("values.yaml", f"hooks: {{ before: {pool('pre-install')}, after: {pool('post-install')} }}\n")
    place.kill_at(place.gate.hold_answer("POST", r"/qemu$"), "install", "a", chart, "-f", "values.yaml")
    assert {pool["poolid"] for pool in place.cli.api("GET", "/pools")} == {"before"}
    place.cli.ok("apply", "--resume")
    assert {pool["poolid"] for pool in place.cli.api("GET", "/pools")} == {"before", "after"}
    assert place.made() == ["a-db", "a-web"]
    (release,) = (one for one in place.cli.ok("list", "-o", "json").json if one["name"] == "a")
    assert (release["status"], release["chart"]) == ("deployed", "shop-1.2.3")
    assert "No changes." in place.cli.ok("upgrade", "a", chart, "--dry-run").out
    place.cli.ok("uninstall", "a", "--yes")
    assert place.made() == []
    assert place.cli.api("GET", "/pools") == []


def test_an_install_that_was_killed_in_its_last_hook_is_continued_there(place: Place) -> None:
    chart = write_chart(place.cli)
    place.cli.write("values.yaml", f"hooks: {{ after: {pool('post-install')} }}\n")
    place.kill_at(place.gate.hold_request("POST", r"/pools"), "install", "a", chart, "-f", "values.yaml")
    place.cli.ok("apply", "--resume", "--app", "a")
    assert {pool["poolid"] for pool in place.cli.api("GET", "/pools")} == {"after"}
    assert states(place.cli, "a")[-1] == "deployed"


def test_who_stops_an_atomic_upgrade_gets_back_what_was(place: Place) -> None:
    chart = write_chart(place.cli)
    place.cli.ok("install", "a", chart)
    rule = place.gate.hold_answer("POST", r"/qemu$")
    with place.start("upgrade", "a", chart, "--set", "extra=true,web.memory=640", "--atomic") as process:
        rule.wait()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "stopping" not in process.stderr.readline():
            pass
        rule.go_on.set()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "rolled back to revision 1" in err, err
    assert place.made() == ["a-db", "a-web"]
    assert memory(place.cli, "a-web") == "520"
    assert states(place.cli, "a") == ["superseded", "failed", "deployed"]
