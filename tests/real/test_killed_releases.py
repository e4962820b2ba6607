"""kill -9 of a worker in the middle of a release's life: another one ends it as it was asked for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from proxmox_mpc.interfaces.cli._chart_sources import folder_archive
from proxmox_mpc.store import Job
from tests.e2e.gate import Rule
from tests.e2e.release import fault, memory, states, write_chart
from tests.real.conftest import House

soak = pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "soak",
    reason="runs in `make soak`: 12 s each, of a kind with those that run",
)


@pytest.fixture
def chart(house: House) -> str:
    """In base64."""
    return folder_archive(house.place.cli.workspace / write_chart(house.place.cli))


def agreed(house: House, action: str, **request: Any) -> dict[str, Any]:
    """The request, with the hash of the plan that it is shown."""
    house.start("worker")
    shown = house.ended(house.add(action, **request).id)
    kill(house)
    assert shown.result is not None, shown.error
    return {**request, "agreed": shown.result["plan"]["hash"]}


def killed(house: House, rule: Rule, action: str, **request: Any) -> str:
    """A job whose worker is killed when it reaches a request."""
    house.start("worker")
    id = house.add(action, **request).id
    rule.wait()
    kill(house)
    return id


def kill(house: House) -> None:
    worker = house.processes[-1]
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def went_on(house: House, id: str) -> Job:
    house.start("worker")
    job = house.ended(id)
    assert job.attempt >= 2
    return job


def upgrade(house: House, chart: str, values: str, action: str = "upgrade", **more: Any) -> dict[str, Any]:
    return agreed(house, action, name="a", chart=chart, values={"set": [values]}, **more)


@soak
def test_an_upgrade_goes_on(house: House, chart: str) -> None:
    cli, gate = house.place.cli, house.place.gate
    cli.ok("install", "a", "shop")
    request = upgrade(house, chart, "extra=true,web.memory=640")
    job = went_on(house, killed(house, gate.hold_answer("POST", r"/qemu$"), "upgrade", **request))
    assert job.state == "succeeded", job.error
    assert (memory(cli, "a-web"), house.place.made()) == ("640", ["a-db", "a-extra", "a-web"])
    assert "No changes." in cli.ok("upgrade", "a", "shop", "--dry-run").out


def test_an_install_that_fails_after_all_is_taken_back(house: House, chart: str) -> None:
    """--atomic counts for the next worker, too."""
    cli, before = house.place.cli, house.place.cli.guests().keys()
    request = upgrade(house, chart, "extra=true", "install", atomic=True)
    id = killed(house, house.place.gate.hold_answer("POST", r"/qemu$"), "install", **request)
    fault(cli, fault="fail_task", type="qmcreate", error="no space", times=9)
    job = went_on(house, id)
    assert job.state == "failed"
    assert "release 'a' failed and was uninstalled" in str(job.error)
    assert cli.guests().keys() == before


@soak
def test_an_upgrade_that_fails_after_all_is_taken_back(house: House, chart: str) -> None:
    cli, gate = house.place.cli, house.place.gate
    cli.ok("install", "a", "shop")
    request = upgrade(house, chart, "web.memory=640,db.memory=640", atomic=True)
    id = killed(house, gate.hold_request("POST", r"/config$"), "upgrade", **request)
    fault(cli, fault="fail_task", type="qmconfig", error="no space", times=1)
    job = went_on(house, id)
    assert job.state == "failed"
    assert "release 'a' failed and was rolled back to revision 1" in str(job.error)
    assert (memory(cli, "a-web"), memory(cli, "a-db"), states(cli, "a")[-1]) == ("520", "1024", "deployed")


@soak
def test_a_rollback_and_an_uninstall_go_on(house: House, chart: str) -> None:
    cli, gate, before = house.place.cli, house.place.gate, house.place.cli.guests().keys()
    cli.ok("install", "a", "shop")
    cli.ok("upgrade", "a", "shop", "--set", "web.memory=640,db.memory=640")
    request = agreed(house, "rollback", application="a", revision=1)
    job = went_on(house, killed(house, gate.hold_request("POST", r"/config$"), "rollback", **request))
    assert job.state == "succeeded", job.error
    assert (memory(cli, "a-web"), memory(cli, "a-db")) == ("520", "1024")
    kill(house)
    request = agreed(house, "uninstall", name="a")
    job = went_on(house, killed(house, gate.hold_answer("DELETE", r"/qemu/\d+\?"), "uninstall", **request))
    assert job.state == "succeeded", job.error
    assert cli.guests().keys() == before
    assert cli.ok("list", "-o", "json").json == []


def test_who_waits_for_a_release_goes_on_waiting(house: House, chart: str) -> None:
    cli, gate = house.place.cli, house.place.gate
    request = upgrade(house, chart, "extra=true", "install", wait=True, timeout_s=60)
    rule = gate.hold_answer("POST", r"/status/start$")
    house.start("worker")
    id = house.add("install", **request).id
    rule.wait()
    until(lambda: "a-db" in cli.guests() and memory(cli, "a-db") == "1024")
    db = cli.guests()["a-db"]
    path = f"/nodes/{db['node']}/qemu/{db['vmid']}/config"
    cli.api("PUT", path, memory="2048")
    rule.go_on.set()
    until(lambda: states(cli, "a") == ["deployed"])
    kill(house)
    house.start("worker")
    time.sleep(3)  # longer than a look at the release, and than a dead worker's job takes to be taken up
    assert house.place.ask(f"SELECT state FROM jobs WHERE id = '{id}'") != [("succeeded",)]
    cli.api("PUT", path, memory="1024")
    assert house.ended(id).state == "succeeded"


def test_what_nobody_agreed_to_is_left_alone(house: House, chart: str) -> None:
    """Somebody changes a guest while no worker is there: the rest of the plan is another one than was agreed to."""
    cli, gate = house.place.cli, house.place.gate
    cli.ok("install", "a", "shop")
    request = upgrade(house, chart, "extra=true")
    id = killed(house, gate.hold_answer("POST", r"/qemu$"), "upgrade", **request)
    db = cli.guests()["a-db"]
    cli.api("PUT", f"/nodes/{db['node']}/qemu/{db['vmid']}/config", memory="2048")
    job = went_on(house, id)
    assert job.state == "failed"
    assert "now it would update VirtualMachine a-db" in str(job.error)
    assert memory(cli, "a-db") == "2048"
