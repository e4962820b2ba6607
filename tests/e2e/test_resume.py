"""Stopped, killed or failed: it is said what is done and what is not, and one command continues, without files."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.place import TIER, Place, place

pytestmark = pytest.mark.everywhere("soak")

__all__ = ["place"]

STOPS = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("stop", STOPS)
def test_who_is_asked_to_stop_sees_the_task_to_its_end_and_begins_nothing_new(
    place: Place, stop: signal.Signals
) -> None:
    rule = place.gate.hold_answer("POST", r"/clone$")
    with place.start("apply", "-f", "tier.yaml") as process:
        rule.wait()
        process.send_signal(stop)
        rule.go_on.set()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "stopping, once the cluster has done what it is at" in err
    assert "VirtualMachine tier/web: stopped halfway" in err
    assert "to continue: proxmox-cli apply --resume --app tier" in err
    assert place.ask("SELECT state FROM journal WHERE state IN ('sending', 'accepted')") == []
    assert place.ask("SELECT status FROM runs") == [("interrupted",)]
    os.remove(place.cli.workspace / "tier.yaml")
    answer = place.cli.ok("apply", "--resume")
    assert "did not end" not in answer.err, "nothing was left open"
    place.cli.write("tier.yaml", TIER)
    place.is_whole(["db", "web"], "tier.yaml")


def test_who_is_asked_twice_ends_at_once_and_leaves_a_story_that_the_next_one_closes(place: Place) -> None:
    rule = place.gate.hold_answer("POST", r"/clone$")
    with place.start("apply", "-f", "tier.yaml") as process:
        rule.wait()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.endswith("stopped\n")
    assert place.ask("SELECT status FROM runs") == [("interrupted",)]
    assert place.ask("SELECT status FROM revisions") == [("failed",)]
    assert "did not end" in place.cli.ok("apply", "--resume").err
    place.is_whole(["db", "web"], "tier.yaml")


def test_looking_is_stopped_at_once(place: Place) -> None:
    rule = place.gate.hold_request("GET", r"/cluster/resources")
    with place.start("get", "vms") as process:
        rule.wait()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err.strip()) == (1, "stopped")


def test_a_killed_apply_is_continued_without_its_files_and_its_leave_holds(place: Place) -> None:
    place.cli.ok("apply", "-f", "tier.yaml", "--app", "shop")
    changed = TIER.replace("memory: 1024", "memory: 2048\n  vmid: 777")
    place.cli.ok("delete", "vm", "db", "-n", "tier", "--yes")
    place.cli.write("tier.yaml", changed)
    rule = place.gate.hold_request("POST", r"/qemu$")
    place.kill_at(rule, "apply", "-f", "tier.yaml", "--app", "shop", "--allow", "restart")
    os.remove(place.cli.workspace / "tier.yaml")
    shown = place.cli.ok("apply", "--resume", "--dry-run")
    assert "db" in shown.out
    assert "did not end" in shown.err
    place.cli.ok("apply", "--resume", "--app", "shop")
    assert place.cli.guests()["db"]["vmid"] == 777
    place.cli.write("tier.yaml", changed)
    assert place.cli.ok("plan", "-f", "tier.yaml", "--app", "shop", "-o", "json").json["empty"]
    again = place.cli("apply", "--resume")
    assert again.code == 5
    assert "nothing waits to be continued" in again.err


def test_a_killed_deletion_by_selector_is_continued_with_what_was_meant_then(place: Place) -> None:
    place.cli.ok("apply", "-f", "tier.yaml")
    rule = place.gate.hold_answer("DELETE", r"/qemu/\d+\?")
    place.kill_at(rule, "delete", "vms", "-l", "proxmox-mpc", "--yes")
    place.cli.api("POST", "/nodes/pve-node3/qemu", vmid=900, name="new", tags="proxmox-mpc")
    place.cli.ok("apply", "--resume", "--yes")
    assert place.made() == ["new"]


def test_several_that_wait_are_told_apart(place: Place) -> None:
    for app in ("one", "two"):
        place.cli.write(f"{app}.yaml", TIER.replace("tier", app).replace("archive", app))
        place.kill_at(place.gate.hold_answer("POST", r"/clone$"), "apply", "-f", f"{app}.yaml")
    answer = place.cli("apply", "--resume")
    assert answer.code == 2
    assert "several applications can be continued: one, two" in answer.err
    place.cli.ok("apply", "--resume", "--app", "two")
    place.cli.ok("apply", "--resume")
    assert len(place.made()) == 4


def test_a_lock_is_waited_out_in_the_open_and_not_for_ever(place: Place) -> None:
    place.cli.ok("apply", "-f", "tier.yaml")
    place.cli.write("tier.yaml", TIER.replace("cores: 2", "cores: 3"))
    place.gate.answer("POST", r"/config$", 500, "VM is locked (backup)")
    answer = place.cli.ok("apply", "-f", "tier.yaml")
    assert "waits: VM is locked (backup) (gives up in 10 min)" in answer.err
    place.cli.write("tier.yaml", TIER.replace("cores: 2", "cores: 4"))
    place.gate.answer("POST", r"/config$", 500, "VM is locked (backup)")
    refused = place.cli("apply", "-f", "tier.yaml", "--lock-timeout", "0.5")
    assert refused.code == 7
    assert "VM is locked (backup)" in refused.err
    place.cli.ok("apply", "--resume")
    place.is_whole(["db", "web"], "tier.yaml")


PINNED = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: pinned }
spec: { template: debian-12-template, placement: { nodes: [pve-node3] } }
"""


def test_a_clone_that_was_cut_off_still_goes_where_it_was_to_be_placed(place: Place) -> None:
    place.cli.write("pinned.yaml", PINNED)
    place.kill_at(place.gate.hold_answer("POST", r"/clone$"), "apply", "-f", "pinned.yaml")
    place.cli.ok("apply", "--resume")
    assert place.cli.guests()["pinned"]["node"] == "pve-node3"
    place.is_whole(["pinned"], "pinned.yaml")
    assert place.cli.ok("status", "pinned", "-o", "json").json[0]["status"] == "deployed"


def test_an_apply_that_was_killed_when_all_was_done_is_deployed_by_the_next(place: Place) -> None:
    place.kill_at(place.gate.hold_answer("POST", r"/config$"), "apply", "-f", "tier.yaml")
    place.cli.ok("apply", "--resume")
    place.cli.ok("apply", "-f", "tier.yaml")
    [app] = place.cli.ok("status", "tier", "-o", "json").json
    assert (app["status"], app["health"]) == ("deployed", "synced")


def test_what_cannot_be_said_anew_is_refused_and_not_ignored(place: Place) -> None:
    answer = place.cli("apply", "--resume", "--prune")
    assert answer.code == 2
    assert "prune cannot be changed" in answer.err
