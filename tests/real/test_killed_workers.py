"""kill -9 of a worker in mid-apply: another one continues the job, and no change is made twice."""

from __future__ import annotations

import os
import signal

import pytest

from tests.e2e.place import TIER
from tests.real.conftest import House

KILL_POINTS = {
    "a creation is accepted, and nobody has heard": ("hold answer", "POST", r"/qemu$"),
    "a clone never got there": ("hold request", "POST", r"/clone$"),
    "between clone and configuration": ("hold request", "POST", r"/config$"),
    "a move runs": ("hold answer", "POST", r"/migrate$"),
}


def apply_tier(house: House) -> str:
    """A job that applies the tier, as it was planned and agreed to."""
    (house.place.cli.workspace / "tier.yaml").write_text(TIER)
    shown = house.place.cli.ok("plan", "-f", "tier.yaml", "-o", "json").json
    texts = [{"name": "tier.yaml", "content": TIER}]
    return house.add("apply", application="tier", texts=texts, agreed=shown["hash"]).id


def kill(house: House, number: int) -> None:
    os.kill(house.processes[number].pid, signal.SIGKILL)
    house.processes[number].wait()


SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


@pytest.mark.parametrize("point", list(KILL_POINTS) if SOAK else list(KILL_POINTS)[::2])
def test_a_job_whose_worker_is_killed_is_continued_by_another(team: House, point: str) -> None:
    how, method, path = KILL_POINTS[point]
    hold = team.place.gate.hold_answer if how == "hold answer" else team.place.gate.hold_request
    rule = hold(method, path)
    team.start("worker")
    if os.environ.get("CELERY_BROKER_URL"):
        team.start("beat")
    id = apply_tier(team)
    rule.wait()
    kill(team, 0)
    team.start("worker")
    job = team.ended(id)
    assert job.state == "succeeded", (job.error, team.logs())
    assert job.attempt >= 2  # more where a busy machine missed a sign of life
    assert job.result is not None
    assert job.result["revision"] is not None
    assert team.place.made() == ["db", "web"]
    assert team.place.cli("plan", "-f", "tier.yaml", "--exit-code").code == 0
    made = [(task["type"], task["id"]) for task in tasks(team) if task["type"] in ("qmcreate", "qmclone", "qmigrate")]
    assert sorted(type for type, _ in made) == ["qmclone", "qmcreate", "qmigrate"], "each change was made once"
    assert len({id for _, id in made if id}) <= 3


def tasks(house: House) -> list[dict[str, str]]:
    """What the cluster itself says that it did."""
    nodes = [f"pve-node{number}" for number in (1, 2, 3)]
    return [task for node in nodes for task in house.place.cli.api("GET", f"/nodes/{node}/tasks?limit=100")]
