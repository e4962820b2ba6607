"""Workers that are asked to end, and verbs that may not be done twice."""

from __future__ import annotations

import signal

from tests.real.conftest import House
from tests.real.test_killed_workers import apply_tier, kill, tasks


def test_a_worker_that_is_asked_to_end_gives_its_job_to_another(house: House) -> None:
    rule = house.place.gate.hold_request("GET", r"/tasks/UPID:pve-node1:[^/]*qmclone")
    first = house.start("worker")
    id = apply_tier(house)
    rule.wait()
    house.start("worker")
    first.send_signal(signal.SIGTERM)
    rule.go_on.set()
    assert first.wait(60) == 0, house.logs()
    job = house.ended(id)
    assert job.state == "succeeded", job.error
    assert house.place.made() == ["db", "web"]
    assert sorted(task["type"] for task in tasks(house) if task["type"] in ("qmcreate", "qmclone")) == [
        "qmclone",
        "qmcreate",
    ]


def test_a_verb_that_may_not_be_done_twice_ends_with_how_far_it_got(house: House) -> None:
    rule = house.place.gate.hold_answer("POST", r"/clone$")
    house.start("worker")
    id = house.add("clone", guests=["debian-12-template"], names=["copy"]).id
    rule.wait()
    kill(house, 0)
    house.start("worker")
    job = house.ended(id)
    assert (job.state, job.error and job.error["code"]) == ("failed", "job.not-repeatable")
    assert job.error is not None
    assert "did not end" in job.error["detail"]
    assert house.place.made() == ["copy"]
    assert [task["type"] for task in tasks(house)].count("qmclone") == 1


def test_a_verb_that_may_be_repeated_is(house: House) -> None:
    house.place.cli.ok("apply", "-f", "tier.yaml")
    rule = house.place.gate.hold_answer("POST", r"/status/start$")
    house.start("worker")
    id = house.add("start", guests=["db"]).id
    rule.wait()
    kill(house, 0)
    house.start("worker")
    job = house.ended(id)
    assert job.state == "succeeded", job.error
    assert house.place.cli.guests()["db"]["status"] == "running"
