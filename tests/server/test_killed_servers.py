"""kill -9 of a server in mid-apply: another one on the same database continues the job, and no change is made twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import bare, cluster
from tests.e2e.place import TIER, Place, place
from tests.server.running import Served, serving
from tests.unit.store import postgres as servers
from tests.unit.store.conftest import postgres

__all__ = ["bare", "cluster", "place", "postgres"]

ENDS_WITHIN_S = 60


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What two servers on one store are started with; on PostgreSQL each has files of its own."""
    settings = {"JOB_LEASE_SECONDS": "2"}
    if request.param == "postgres":
        server: servers.Postgres = request.getfixturevalue("postgres")
        settings["DATABASE_URL"] = server.fresh()
        settings["PROXMOX_SECRET_KEY"] = "a passphrase that both of them know"
        for name in ("DATABASE_URL", "PROXMOX_SECRET_KEY"):
            monkeypatch.setenv(name, settings[name])
        ready = place.cli.ready
        token_id, _, secret = ready["token"].partition("=")
        words = ("--endpoint", place.gate.url, "--token-id", token_id, "--token-secret", secret, "--use")
        place.cli.ok("config", "set-context", "lab", *words)
    return settings


@pytest.fixture
def two(shared: dict[str, str], place: Place, tmp_path: Path) -> Iterator[tuple[Served, Served]]:
    """Two servers on one store."""
    here, there = tmp_path / "home", tmp_path / ("home" if "DATABASE_URL" not in shared else "other-home")
    with serving(here, **shared) as one, serving(there, **shared) as two:
        yield one, two


def ended(server: Served, token: str, id: str) -> dict[str, Any]:
    end = time.monotonic() + ENDS_WITHIN_S
    while time.monotonic() < end:
        _, page = server.call("GET", f"/api/v1/jobs/{id}/follow?after=999999999&waitS=2", token=token)
        if page["job"]["state"] not in ("queued", "running"):
            return dict(page)
    raise AssertionError(page["job"])


def test_the_job_of_a_killed_server_is_continued_by_the_other(two: tuple[Served, Served], place: Place) -> None:
    one, other = two
    token = one.admin()
    body = {"texts": [{"name": "tier.yaml", "content": TIER}], "application": "tier"}
    _, plan = one.call("POST", "/api/v1/plans", body, token)
    # Whichever of the two does the job: the one that answers no more is the one that is killed.
    rule = place.gate.hold_request("POST", r"/config$")
    status, job = one.call("POST", "/api/v1/applications/apply", {**body, "agreed": plan["hash"]}, token)
    assert status == 202
    rule.wait()
    at_work = one.call("GET", f"/api/v1/jobs/{job['id']}", token=token)[1]["worker"]
    victim, heir = (one, other) if f"/{one.process.pid}/" in at_work else (other, one)
    victim.kill()
    page = ended(heir, token, job["id"])
    assert (page["job"]["state"], page["job"]["attempt"]) == ("succeeded", 2), page["job"]
    assert place.made() == ["db", "web"]
    nodes = [f"pve-node{number}" for number in (1, 2, 3)]
    tasks = [task for node in nodes for task in place.cli.api("GET", f"/nodes/{node}/tasks?limit=100")]
    changes = sorted(task["type"] for task in tasks if task["type"] in ("qmcreate", "qmclone", "qmigrate"))
    assert changes == ["qmclone", "qmcreate", "qmigrate"], "each change was made once"
    assert heir.call("POST", "/api/v1/plans", body, token)[1]["empty"]
