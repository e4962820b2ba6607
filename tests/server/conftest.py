"""Servers that tests share: starting one takes a second or two.

Each test that uses `served` runs twice: with one process on SQLite, and with a team of processes: a server and a Celery
worker on a real PostgreSQL and a real Redis.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real.conftest import redis
from tests.server.running import Served, serving
from tests.unit.store import postgres as servers
from tests.unit.store.conftest import postgres

__all__ = ["postgres", "redis"]


@pytest.fixture(scope="module", params=["one process on SQLite", "a team on PostgreSQL, Redis and Celery"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with its simulated cluster."""
    home = tmp_path_factory.mktemp("server")
    if request.param.startswith("one"):
        with serving(home, "--simulate") as one:
            yield one
        return
    database: servers.Postgres = request.getfixturevalue("postgres")
    shared = {
        "DATABASE_URL": database.fresh(),
        "CELERY_BROKER_URL": request.getfixturevalue("redis"),
        "PROXMOX_SECRET_KEY": "a passphrase that all of them know",
    }
    with serving(home, "--simulate", **shared) as one, worker(home, **shared):
        one.database = "PostgreSQL"
        yield one


@contextmanager
def worker(home: Path, **environment: str) -> Iterator[None]:
    """A Celery worker, whose log is the server's too."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROXMOX_")}
    given = {"PROXMOX_MPC_HOME": str(home / "worker"), "OUTBOUND_ALLOW": "127.0.0.1", "JOB_LEASE_SECONDS": "5"}
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "proxmox_mpc.interfaces.worker", "worker"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**kept, **given, **environment},
        )
        try:
            assert process.stdout is not None
            assert "is ready" in process.stdout.readline(), (home / "server.log").read_text()[-3000:]
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


@pytest.fixture(scope="module")
def admin(served: Served) -> str:
    """An access token of its admin."""
    return served.admin()
