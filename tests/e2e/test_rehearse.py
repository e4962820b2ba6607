"""Rehearsal: an apply on a copy, what would fail and where, and that the cluster is only read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.apply_resume import ApplyResumeRequest
from proxmox_mpc.errors import MpcError
from tests.e2e.conftest import Cli

SHOP = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web-0, namespace: shop }
spec: { memory: 512, disks: [{ storage: local-lvm, size: 1G }], state: running }
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web-1, namespace: shop }
spec: { memory: 512, template: debian-12-template }
"""


def rehearse(cli: Cli, *words: str, code: int = 0) -> dict[str, Any]:
    answer = cli("rehearse", *words, "-o", "json")
    assert answer.code == code, answer
    page: dict[str, Any] = answer.json
    assert page["verdict"] == {0: "fine", 1: "fails", 6: "refused"}[code]
    return page


def test_what_would_go_through_is_told_step_by_step_and_nothing_is_left_of_it(cli: Cli) -> None:
    cli.write("shop.yaml", SHOP)
    page = rehearse(cli, "-f", "shop.yaml")
    steps = {step["name"]: step for step in page["steps"]}
    assert {step["status"] for step in page["steps"]} == {"done"}
    assert steps["web-1"]["seconds"] >= 1, "a full clone takes its time on hardware"
    assert page["seconds"] >= steps["web-1"]["seconds"]
    assert steps["web-0"]["place"].startswith("shop.yaml:1:")
    assert (page["left"], page["recovers"], page["differs"]) == ([], None, [])
    assert any(line.startswith("permissions") for line in page["leftOut"])
    assert "web-0" not in cli.guests()
    assert "nothing was applied" in cli.ok("status").out, "the store remembers nothing of it"
    assert twins() == []
    cli.ok("apply", "-f", "shop.yaml")
    assert "No changes" in cli.ok("rehearse", "-f", "shop.yaml").out


def test_what_is_owned_is_changed_on_the_copy_as_it_would_be(cli: Cli) -> None:
    secret = SHOP.replace("state: running", "cloudInit: { storage: local-lvm, password: { secretRef: ops } }")
    cli.write("shop.yaml", secret)
    cli.ok("secret", "set", "ops", "--from-file", cli.write("ops", "hunter2-secret"))
    cli.ok("apply", "-f", "shop.yaml")
    cli.write("shop.yaml", secret.replace("size: 1G", "size: 2G"))
    page = rehearse(cli, "-f", "shop.yaml")
    (step,) = page["steps"]
    assert (step["name"], step["action"], step["status"]) == ("web-0", "update", "done")
    assert page["differs"] == [], "what the store knows is known there, and a secret that stays is no change"
    assert next(g for g in cli.guests().values() if g["name"] == "web-0")["maxdisk"] == 1 << 30


def test_a_secret_that_nobody_has_set_yet_fails_no_rehearsal_of_what_needs_none_of_it(cli: Cli) -> None:
    text = (
        "apiVersion: proxmox.io/v1\nkind: User\nmetadata: { name: amy@pve }\nspec: { password: { secretRef: amy } }\n"
    )
    cli.ok("secret", "set", "amy", "--from-file", cli.write("amy", "hunter2-secret"))
    rehearse(cli, "-f", cli.write("amy.yaml", text))


def test_a_fault_shows_where_it_would_fail_and_whether_it_would_recover(cli: Cli) -> None:
    cli.write("shop.yaml", SHOP)
    page = rehearse(cli, "-f", "shop.yaml", "--fault", "fail_task type=qmstart error='no such bridge'", code=1)
    failed = next(step for step in page["steps"] if step["status"] == "failed")
    assert (failed["name"], "no such bridge" in failed["error"]) == ("web-0", True)
    assert failed["place"].startswith("shop.yaml:1:")
    assert page["recovers"] is True
    text = cli("rehearse", "-f", "shop.yaml", "--fault", "storage_full name=local-lvm")
    assert (text.code, "It would fail" in text.out, "shop.yaml:" in text.out) == (1, True, True)


def test_what_is_said_of_apply_resume_was_tried_with_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(session: Session, request: ApplyResumeRequest) -> None:
        raise MpcError("it cannot be continued")

    monkeypatch.setattr(import_module("proxmox_mpc.actions.rehearse"), "apply_resume", broken)
    words = ("-f", cli.write("shop.yaml", SHOP), "--fault", "fail_task type=qmstart error='no such bridge'")
    assert rehearse(cli, *words, code=1)["recovers"] is False


def test_a_copy_that_does_not_start_in_time_is_given_up(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxmox_mpc.bootstrap.simulators.GREETING_S", 0)
    answer = cli("rehearse", "-f", cli.write("shop.yaml", SHOP))
    assert answer.code == 1
    assert "could not be started within 0 s: it said nothing" in answer.err
    assert twins() == []


def test_random_faults_are_the_same_for_the_same_seed(cli: Cli) -> None:
    cli.write("pool.yaml", "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: lab }\n")

    def faults(seed: int) -> list[str]:
        answer = cli("rehearse", "-f", "pool.yaml", "--faults", "random", "--seed", str(seed), "-o", "json")
        found: list[str] = answer.json["faults"]
        return found

    assert faults(1) == faults(1) != faults(2)
    assert len(faults(1)) in (1, 2, 3)


def test_a_gate_refuses_before_anything_is_copied(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    cli.write("shop.yaml", SHOP.replace("state: running", "state: stopped"))
    page = rehearse(cli, "-f", "shop.yaml", code=6)
    assert page["steps"] == []
    assert rehearse(cli, "-f", "shop.yaml", "--allow", "stop-start")["steps"][0]["status"] == "done"


def test_a_saved_plan_is_rehearsed_as_long_as_it_is_the_plan_of_now(cli: Cli) -> None:
    cli.write("shop.yaml", SHOP)
    cli.ok("plan", "-f", "shop.yaml", "--out", "saved.plan")
    assert rehearse(cli, "saved.plan")["steps"]
    cli.ok("apply", "-f", "shop.yaml")
    assert cli("rehearse", "saved.plan").code == 6


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--fault", "no_such_fault"), "no such fault"),
        (("--fault", "node_down name=nowhere"), "there is no"),
        (("--seed", "4"), "--faults random"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(cli: Cli, words: tuple[str, ...], says: str) -> None:
    answer = cli("rehearse", "-f", cli.write("shop.yaml", SHOP), *words)
    assert (answer.code, says in answer.err) == (2, True), answer
    assert twins() == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_copy_is_left_behind_when_the_command_ends_early(cli: Cli, how: signal.Signals) -> None:
    cli.write("shop.yaml", SHOP)
    before = twins()
    words = ("rehearse", "-f", "shop.yaml", "--fault", "quorum_lost")  # it waits, so there is something to end
    process = subprocess.Popen([sys.executable, "-m", "proxmox_mpc", *words], stderr=subprocess.PIPE, text=True)
    _until(lambda: len(twins()) > len(before))
    process.send_signal(how)
    process.communicate(timeout=30)
    assert process.returncode != 0
    _until(lambda: twins() == before)


def _until(is_so: Any) -> None:
    ends = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


def twins() -> list[int]:
    """The simulators that run as copies for a rehearsal started from this test's own home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            home = f"PROXMOX_MPC_HOME={os.environ['PROXMOX_MPC_HOME']}".encode()
            if b"--until-eof" in words and home in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
