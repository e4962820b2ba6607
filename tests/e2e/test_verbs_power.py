"""Verbs of power as they are typed: many at once, already so, asked before, locked, held by HA, and killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.conftest import Cli, simulated
from tests.e2e.test_crash_safety import Place, place, place_before  # noqa: F401  a fixture

pytestmark = pytest.mark.everywhere("soak")

ONE, TWO, THREE = "pve-node1", "pve-node2", "pve-node3"
GUESTS: list[dict[str, Any]] = [
    {
        "vmid": 100,
        "type": "qemu",
        "node": ONE,
        "status": "running",
        "config": {"name": "web", "agent": "1", "tags": "env-prod", "scsi0": "local-lvm:vm-100-disk-0,size=8G"},
    },
    {"vmid": 101, "type": "qemu", "node": TWO, "config": {"name": "db", "tags": "env-prod"}},
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
metadata: { name: shop-web }
spec: { memory: 64, state: running }
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The simulated cluster with three guests: two VMs, of which one runs, and a container."""
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"guests": GUESTS}))
    with simulated("--seed", str(seed)) as ready:
        yield ready


def states(cli: Cli) -> dict[str, str]:
    return {name: row["status"] for name, row in cli.guests().items()}


def items(answer: Any) -> dict[str, str]:
    return {item["name"]: item["status"] for item in answer.json["items"]}


def fault(cli: Cli, **values: Any) -> None:
    requests.post(f"{cli.ready['url']}/simulator/faults", json=values, timeout=10).raise_for_status()


def tasks(cli: Cli) -> int:
    return len(cli.api("GET", "/cluster/tasks"))


def test_many_are_started_and_those_that_run_are_left_alone(cli: Cli) -> None:
    answer = cli.ok("start", "web", "db")
    assert "web runs already" in answer.out
    assert "✓ 1 of 2 done, 1 left alone" in answer.out
    if cli.where != "rest":  # bare REST waits for the result, and follows nothing
        assert "VirtualMachine default/db started" in answer.err
    assert states(cli)["db"] == "running"
    before = tasks(cli)
    assert "db runs already" in cli.ok("start", "db").out
    assert tasks(cli) == before, "nothing was sent"


@pytest.mark.parametrize(
    "words",
    [("start", "vm", "db"), ("vm", "start", "db"), ("start", "vm/db"), ("start", "101"), ("VMs", "start", "101")],
)
def test_the_noun_may_stand_first_or_be_left_out(cli: Cli, words: tuple[str, ...]) -> None:
    assert items(cli.ok(*words, "-o", "json")) == {"db": "done"}


def test_the_noun_may_stand_before_every_verb_that_takes_one(cli: Cli) -> None:
    assert cli.ok("vm", "get", "web").out == cli.ok("get", "vm", "web").out
    assert cli.ok("ct", "describe", "cache").out == cli.ok("describe", "ct", "cache").out
    assert cli.ok("vm", "explain", "disks.iothread").out == cli.ok("explain", "vm.disks.iothread").out
    assert cli.ok("vm", "wait", "web", "--for", "running").out == "vm/web: running\n"
    assert cli.ok("pools", "get", "-o", "name").out == cli.ok("get", "pools", "-o", "name").out
    assert "- VirtualMachine default/db" in cli.ok("vm", "delete", "db", "--dry-run").out
    assert cli.ok("snapshots", "get").out == cli.ok("get", "snapshots").out, "a kind that is a group of verbs, too"
    assert "There is no verb 'fly' for vm" in cli("vm", "fly").err
    cli.ok("stop", "web", "--yes")
    assert cli.ok("vm", "logs", "web").out == cli.ok("logs", "web").out


def test_what_goes_down_is_shown_and_asked_before(cli: Cli) -> None:
    for verb in ("stop", "shutdown", "reboot", "reset", "suspend"):
        refused = cli(verb, "web")
        assert refused.code == 6, refused
        assert (
            f"{'Shut down' if verb == 'shutdown' else verb.capitalize()} web on lab? Nobody is here to answer; nothing was changed"
            in refused.err
        )
        assert "100   pve-node1" in refused.out
    assert states(cli)["web"] == "running"
    assert "To do: 2 guests, 1 left alone." in cli("stop", "--all").out
    assert tasks(cli) == 0


def test_a_dry_run_sends_nothing_and_says_the_same(cli: Cli) -> None:
    for verb in ("start", "stop", "shutdown", "reboot", "reset", "suspend", "resume"):
        cli(verb, "vms", "--all", "--dry-run")
        cli(verb, "web", "--dry-run", "-o", "json")
    assert tasks(cli) == 0
    assert items(cli.ok("stop", "-l", "env=prod", "--dry-run", "-o", "json")) == {"web": "planned", "db": "skipped"}


def test_guests_are_meant_by_selectors_namespaces_and_manifests(cli: Cli) -> None:
    chosen = {
        ("-l", "env=prod"): {"web", "db"},
        ("vms", "--field-selector", "node=pve-node2"): {"db"},
        ("--field-selector", "status=running"): {"web", "cache"},
        ("cts", "--all"): {"cache"},
        ("-n", "default"): {"web", "db", "cache"},
        ("-l", "nothing"): set(),
    }
    for words, names in chosen.items():
        assert set(items(cli.ok("stop", *words, "--dry-run", "-o", "json"))) == names, words
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    assert set(items(cli.ok("stop", "-f", "shop.yaml", "--dry-run", "-o", "json"))) == {"shop-web"}
    assert cli.ok("start", "-l", "nothing").out == "No guest matches.\n"


def test_bad_input_is_said_before_anything_is_sent(cli: Cli) -> None:
    wrong = {
        ("start",): (2, "nothing says which guests"),
        ("start", "nobody"): (5, "there is no guest 'nobody'"),
        ("start", "web", "nobody"): (5, "there is no guest 'nobody'"),
        ("start", "ct", "web"): (5, "there is no Container 'web'"),
        ("start", "web", "-n", "shop"): (5, "there is no guest 'web' in namespace shop"),
        ("start", "web", "--all"): (2, "names and selectors exclude each other"),
        ("start", "-l", "a=b=c"): (2, "is not a selector"),
        ("start", "web", "-o", "xml"): (2, "there is no output 'xml' here"),
        ("reset", "cache", "--yes"): (1, "cache is a container, which has no reset"),
        ("reboot", "db", "--yes"): (1, "db does not run"),
        ("resume", "db"): (1, "db does not run, and was not suspended"),
        ("start", "vm", "debian-12-template"): (5, "there is no VirtualMachine 'debian-12-template'"),
    }
    for words, (code, text) in wrong.items():
        answer = cli(*words)
        assert answer.code == code, answer
        assert text in answer.err + answer.out
    assert tasks(cli) == 0
    cli.ok("apply", "-f", cli.write("other.yaml", SHOP.replace("shop-web", "web").replace("VirtualMachine", "Container")
        .replace("memory: 64, state: running", "ostemplate: local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst, "
        "rootfs: { storage: local-lvm, size: 1G }")))  # fmt: skip
    answer = cli("start", "web")
    assert (answer.code, "'web' could be 2 guests: vm/100" in answer.err) == (6, True)


def test_one_that_fails_stops_no_other_and_is_tried_again_alone(cli: Cli) -> None:
    fault(cli, fault="fail_task", type="qmstart", error="no more memory", id="101")
    cli.ok("stop", "--all", "--yes")
    answer = cli("start", "--all", "--timeout", "20")
    assert answer.code == 1
    assert "db: the task qmstart 101 on pve-node2 failed: no more memory" in answer.out
    assert "✗ 2 of 3 done, 1 failed" in answer.out
    assert "proxmox-cli start vm/db --timeout 20.0" in answer.out
    assert states(cli) | {"debian-12-template": ""} == {
        "web": "running", "cache": "running", "db": "stopped", "debian-12-template": ""
    }  # fmt: skip
    assert "2 left alone" in cli.ok("start", "--all").out
    assert states(cli)["db"] == "running"
    assert "start-failed" in cli.ok("describe", "vm", "db").out


def test_guests_are_suspended_and_go_on(cli: Cli) -> None:
    cli.ok("suspend", "web", "--yes")
    assert "web is suspended already" in cli.ok("suspend", "web").out
    for verb in ("start", "shutdown", "reboot"):
        refused = cli(verb, "web", "--yes")
        assert (refused.code, "proxmox-cli resume web" in refused.out) == (1, True), refused
    cli.ok("resume", "web")
    assert "web runs already" in cli.ok("resume", "web").out
    cli.ok("suspend", "web", "--to-disk", "--yes")
    assert states(cli)["web"] == "stopped"
    assert "its memory is on disk" in cli.ok("stop", "web").out
    cli.ok("resume", "web")
    assert states(cli)["web"] == "running"


def test_a_node_that_is_down_fails_its_guests_only(cli: Cli) -> None:
    fault(cli, fault="node_down", name=TWO)
    answer = cli("stop", "--all", "--yes", "-o", "json")
    assert answer.code == 7
    assert items(answer) == {"web": "done", "cache": "done", "qemu-101": "failed"}, (
        "names are not known of a node that is down"
    )


def test_a_lock_that_nobody_holds_is_said_with_what_takes_it_off(cli: Cli) -> None:
    fault(cli, fault="lock_guest", vmid=101, lock="backup")
    answer = cli("start", "db")
    assert answer.code == 7
    assert "db is locked (backup), and no task works on it any more" in answer.out
    assert "`qm unlock 101` on pve-node2" in answer.out


def test_a_declared_state_is_named_where_a_verb_overrules_it(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    answer = cli.ok("shutdown", "shop-web", "--yes")
    assert "application shop declares state: running" in answer.out
    assert "warning" not in cli.ok("start", "shop-web").out
    assert states(cli)["shop-web"] == "running"


def test_guests_under_ha_are_switched_by_the_manager(cli: Cli) -> None:
    cli.api("POST", "/cluster/ha/resources", sid="vm:101", state="stopped")
    cli.ok("start", "db")
    assert states(cli)["db"] == "running"
    assert cli.api("GET", "/cluster/ha/resources/vm:101")["state"] == "started"
    cli.ok("shutdown", "db", "--yes")
    assert states(cli)["db"] == "stopped"
    assert cli.api("GET", "/cluster/ha/resources/vm:101")["state"] == "stopped"


def test_waiting_ends_when_the_agent_answers(cli: Cli) -> None:
    cli.ok("stop", "web", "--yes")
    cli.ok("start", "web", "--wait", "--timeout", "20")


@pytest.mark.parametrize("how", ["hold request", "hold answer"])
def test_a_killed_start_of_many_is_simply_typed_again(place: Place, how: str) -> None:  # noqa: F811
    texts = (SHOP.replace("shop-web", name).replace("running", "stopped") for name in ("a", "b", "c"))
    place.cli.ok("apply", "-f", place.cli.write("shop.yaml", "---\n".join(texts)))
    hold = place.gate.hold_answer if how == "hold answer" else place.gate.hold_request
    place.kill_at(hold("POST", r"/status/start$"), "start", "a", "b", "c")
    answer = place.cli.ok("start", "a", "b", "c")
    assert "note: start by" in answer.err
    assert "type it again: what is done already is left alone" in answer.err
    assert {states(place.cli)[name] for name in "abc"} == {"running"}
    assert "note:" not in place.cli.ok("start", "a").err
    assert place.ask("select count(*) from journal where state in ('sending', 'accepted')") == [(0,)]
