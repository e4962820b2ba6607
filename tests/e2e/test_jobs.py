"""Jobs, schedules and events, as typed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions._ordering import order
from proxmox_mpc.bootstrap import find_action
from proxmox_mpc.bootstrap.background import Background, open_background
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import Job
from tests.e2e.conftest import Cli

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web }
spec: { node: pve-node1, memory: 64 }
"""


@pytest.fixture(autouse=True)
def may_reach_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the background reaches this machine's own addresses only where that is allowed."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.1")


async def do_all(parts: Background) -> None:
    """Do all jobs that may be begun."""
    worker = parts.worker()
    while (job := await worker.claim()) is not None:
        await worker.do(job)


def add(action: str, **request: Any) -> Job:
    async def added() -> Job:
        async with open_background(Settings.load()) as parts:
            found = find_action(action)
            return await parts.store.jobs.add(
                order(found, found.request(**request), Who("ann", Access.everything()), "lab")
            )

    return asyncio.run(added())


def work() -> None:
    async def worked() -> None:
        async with open_background(Settings.load()) as parts:
            await parts.beat().tick()
            await do_all(parts)

    asyncio.run(worked())


def test_a_job_is_seen_from_waiting_to_its_end(cli: Cli) -> None:
    job = add("apply", application="shop", texts=[{"name": "vm.yaml", "content": VM}])
    assert job.id in cli.ok("job", "list", "--state", "queued").out
    work()
    assert "web" in cli.guests()
    shown = cli.ok("job", "wait", job.id).out
    assert "succeeded" in shown
    assert "apply application shop" in shown
    found = cli.ok("job", "get", job.id, "-o", "json").json
    assert found["result"]["revision"] == 1
    lines = cli.ok("job", "logs", job.id, "-f").out
    assert "VirtualMachine default/web" in lines
    assert cli("job", "cancel", job.id).code == 6
    assert cli("job", "retry", job.id).code == 6
    events = cli.ok("events", "--for", "vm/web", "-o", "json").json
    assert [event["reason"] for event in events] == ["create-done"]


def test_a_failed_job_waits_with_the_exit_code_of_its_action(cli: Cli) -> None:
    job = add("uninstall", name="nobody", agreed="x")
    work()
    answer = cli("job", "wait", job.id)
    assert answer.code == 5
    assert "release 'nobody' is not there" in answer.out
    cli.ok("job", "retry", job.id)
    assert cli.ok("job", "list", "--state", "queued", "-o", "name").out.split() == [job.id]
    cli.ok("job", "cancel", job.id)
    assert cli.ok("job", "list", "--state", "cancelled", "-o", "name").out.split() == [job.id]


def test_a_schedule_is_made_changed_run_and_deleted(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM), "--app", "shop")
    made = cli.ok(
        "schedule", "create", "up", "start", "--cron", "0 3 * * *", "--zone", "Europe/Berlin", "--with", "guests=[web]"
    )
    assert "due next at" in made.out
    assert cli.ok("schedule", "get", "up", "-o", "json").json["request"] == {"guests": ["web"]}
    id = cli.ok("schedule", "run", "up").out.split()[0]
    work()
    assert "succeeded" in cli.ok("job", "wait", id).out
    assert cli.guests()["web"]["status"] == "running"
    shown = cli.ok("schedule", "get", "up").out
    assert "0 3 * * * (Europe/Berlin), made up for within 600 s" in shown
    assert "guests:" in shown
    cli.ok("schedule", "set", "up", "--every", "6h")
    assert "each 21600 s" in cli.ok("schedule", "list").out
    cli.ok("schedule", "disable", "up")
    assert json.loads(cli.ok("schedule", "list", "-o", "json").out)[0]["enabled"] is False
    cli.ok("schedule", "enable", "up")
    cli.ok("schedule", "delete", "up", "--yes")
    assert cli("schedule", "get", "up").code == 5


def test_what_a_schedule_shows_before_it_acts_was_agreed_to_when_it_was_made(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM.replace("64 }", "64, state: running }")), "--app", "shop")
    cli.ok("schedule", "create", "down", "stop", "--every", "1h", "--with", "guests=[web]")
    cli.ok("schedule", "run", "down")
    work()
    assert cli.guests()["web"]["status"] == "stopped"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["start", "--cron", "61 * * * *"], 1, "cron line"),
        (["start", "--cron", "0 3 30 2 *"], 1, "cron line"),
        (["start", "--cron", "0 3 * * *", "--zone", "Mars/Base"], 1, "no time zone"),
        (["start", "--every", "1s"], 1, "interval"),
        (["start", "--every", "soon"], 2, "no time"),
        (["start"], 1, "either a cron line or an interval"),
        (["get", "--every", "1h"], 2, "nothing for a schedule"),
        (["nothing", "--every", "1h"], 5, "no action"),
        (["start", "--every", "1h", "--with", "guest=[web]"], 1, "guest"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(cli: Cli, words: list[str], code: int, says: str) -> None:
    answer = cli("schedule", "create", "bad", *words)
    assert answer.code == code, answer
    assert says in answer.err
    assert cli.ok("schedule", "list", "-o", "name").out.strip() == ""


def test_what_is_not_there_is_not_found(cli: Cli) -> None:
    for words in (["get", "x"], ["logs", "x"], ["cancel", "x"], ["retry", "x"], ["wait", "x"]):
        assert cli("job", *words).code == 5, words
    assert cli("job", "list", "--state", "odd").code == 2
