"""A server that is asked to end: it says so, answers what was asked, and leaves its jobs to others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import bare, cluster
from tests.e2e.place import TIER, Place, place
from tests.server.round_robin import round_robin
from tests.server.running import Served, free_port, serving
from tests.server.test_killed_servers import ended
from tests.unit.store import postgres as servers
from tests.unit.store.conftest import postgres

__all__ = ["bare", "cluster", "place", "postgres"]


def gone(server: Served) -> bool:
    """Whether nobody listens there any more."""
    try:
        server.call("GET", "/api/health")
    except OSError:
        return True
    return False


def test_it_says_that_it_ends_while_it_still_answers(tmp_path: Path) -> None:
    with serving(tmp_path / "home", SERVER_DRAIN_SECONDS="2") as server:
        token = server.admin()
        assert server.call("GET", "/api/health") == (200, {"status": "ok"})
        server.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        while server.call("GET", "/api/health")[0] == 200:
            assert time.monotonic() - began < 1.5
        assert server.call("GET", "/api/health") == (503, {"status": "draining"})
        assert server.call("GET", "/api/v1/users", token=token)[0] == 200, "who came anyway is served"
        assert server.process.wait(20) == 0
        assert gone(server)


def test_who_asks_twice_does_not_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "home", SERVER_DRAIN_SECONDS="300") as server:
        server.process.send_signal(signal.SIGTERM)
        while server.call("GET", "/api/health")[0] == 200:
            pass
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)


def test_a_request_that_is_open_is_answered_before_it_ends(place: Place, tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        token = server.admin()
        rule = place.gate.hold_request("GET", r"/cluster/resources")
        answers: list[tuple[int, Any]] = []
        asking = threading.Thread(
            target=lambda: answers.append(server.call("GET", "/api/v1/contexts/current/discover", token=token))
        )
        asking.start()
        rule.wait()
        server.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 20
        while not gone(server):
            assert time.monotonic() < until, "it takes no more connections"
        assert server.process.poll() is None, "it waits for the one that is open"
        rule.go_on.set()
        asking.join(30)
        server.process.wait(30)
    [(status, answer)] = answers
    assert (status, answer["context"]) == (200, "lab")


def test_a_job_has_time_to_end_and_is_found_done_by_the_next_server(place: Place, tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        token = server.admin()
        body = {"texts": [{"name": "tier.yaml", "content": TIER}], "application": "tier"}
        _, plan = server.call("POST", "/api/v1/plans", body, token)
        rule = place.gate.hold_request("GET", r"/tasks/UPID:pve-node1:[^/]*qmclone")
        status, job = server.call("POST", "/api/v1/applications/apply", {**body, "agreed": plan["hash"]}, token)
        assert status == 202
        rule.wait()
        server.process.send_signal(signal.SIGTERM)
        rule.go_on.set()
        server.process.wait(60)
        made = place.made()
    assert made == ["db", "web"]
    with serving(tmp_path / "home") as heir:
        _, login = heir.call("POST", "/api/v1/auth/login", {"name": "admin", "password": server.secret})
        page = ended(heir, login["accessToken"], job["id"])
    assert (page["job"]["state"], page["job"]["attempt"]) == ("succeeded", 1), page["job"]
    nodes = [f"pve-node{number}" for number in (1, 2, 3)]
    tasks = [task for node in nodes for task in place.cli.api("GET", f"/nodes/{node}/tasks?limit=100")]
    assert sorted(task["type"] for task in tasks if task["type"] in ("qmcreate", "qmclone")) == ["qmclone", "qmcreate"]


class Client:
    """A command line of its own, logged in to a server."""

    def __init__(self, server: Served, home: Path, folder: Path) -> None:
        self.env = {**os.environ, "PROXMOX_MPC_HOME": str(home)}
        self.folder = folder
        words = [*MPC, "login", server.url, "--user", "admin", "--password", "-"]
        subprocess.run(words, env=self.env, input=f"{server.secret}\n", text=True, check=True, capture_output=True)

    def start(self, *words: str) -> subprocess.Popen[str]:
        out = subprocess.PIPE
        return subprocess.Popen([*MPC, *words], env=self.env, cwd=self.folder, stdout=out, stderr=out, text=True)


MPC = [sys.executable, "-m", "proxmox_mpc"]


def test_a_client_goes_on_with_its_job_when_the_server_comes_back(place: Place, tmp_path: Path) -> None:
    port = str(free_port())
    with serving(tmp_path / "home", SERVER_PORT=port, JOB_LEASE_SECONDS="2") as server:
        server.admin()
        client = Client(server, tmp_path / "client", place.cli.workspace)
        rule = place.gate.hold_request("GET", r"/tasks/UPID:pve-node1:[^/]*qmclone")
        cli = client.start("apply", "-f", "tier.yaml", "--context", "lab", "--yes")
        rule.wait()
        server.kill()
        rule.go_on.set()
    with serving(tmp_path / "home", SERVER_PORT=port, JOB_LEASE_SECONDS="2"):
        out, err = cli.communicate(timeout=90)
    assert cli.returncode == 0, (out, err)
    assert "tier is at revision" in out
    assert "the server does not answer; the job is taken up again" in err
    assert place.made() == ["db", "web"]


def test_who_comes_second_goes_on_behind_the_first(place: Place, tmp_path: Path) -> None:
    """Two pushes to the same application, one soon after the other: what was asked for last is there at the end."""
    with serving(tmp_path / "home") as server:
        server.admin()
        client = Client(server, tmp_path / "client", place.cli.workspace)
        rule = place.gate.hold_request("GET", r"/tasks/UPID:pve-node1:[^/]*qmclone")
        first = client.start("apply", "-f", "tier.yaml", "--context", "lab", "--yes")
        rule.wait()
        (place.cli.workspace / "tier.yaml").write_text(TIER.replace("memory: 1024", "memory: 1536"))
        second = client.start("apply", "-f", "tier.yaml", "--context", "lab", "--yes")
        token = server.admin()
        until = time.monotonic() + 30
        while len(server.call("GET", "/api/v1/jobs?action=apply", token=token)[1]["items"]) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(3)  # long enough for who waits to be told so
        rule.go_on.set()
        for cli in (first, second):
            out, err = cli.communicate(timeout=90)
            assert cli.returncode == 0, (out, err)
    assert "another apply has done a part of it meanwhile" in err
    assert "waits until another job of the application has ended" in err
    assert "revision 2" in out
    assert place.cli("plan", "-f", "tier.yaml", "--exit-code").code == 0


@pytest.fixture
def shared(postgres: servers.Postgres) -> dict[str, str]:
    return {"DATABASE_URL": postgres.fresh(), "PROXMOX_SECRET_KEY": "a passphrase that both of them know"}


def test_two_servers_behind_one_address_know_each_others_logins(shared: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path / "a", **shared) as one, serving(tmp_path / "b", **shared) as two:
        assert bool(one.secret) != bool(two.secret), "one of them made the admin"
        ports = [int(str(urlsplit(server.url).port)) for server in (one, two)]
        with round_robin(ports) as (url, went):
            both = Served(url, one.process, one.secret or two.secret, tmp_path)
            token = both.admin()
            for _ in range(4):
                assert both.call("GET", "/api/v1/auth/me", token=token)[0] == 200
            status, login = both.call("POST", "/api/v1/auth/login", {"name": "admin", "password": both.secret})
            assert status == 200
            for _ in range(3):  # each refresh token counts once, on whichever of them
                status, login = both.call("POST", "/api/v1/auth/refresh", {"refreshToken": login["refreshToken"]})
                assert status == 200, login
            assert both.call("POST", "/api/v1/auth/logout", {}, login["accessToken"])[0] == 200
            for _ in range(2):
                assert both.call("GET", "/api/v1/auth/me", token=login["accessToken"])[0] == 401
                assert both.call("GET", "/api/v1/auth/me", token=token)[0] == 200
        assert went.count(ports[0]) >= 6
        assert went.count(ports[1]) >= 6
