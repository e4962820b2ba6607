"""Sending ids to a broker: it may hang, refuse or be slow, and nobody but the sending waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from proxmox_mpc.bootstrap.dispatch import Sending, dispatcher
from proxmox_mpc.jobs.beat import Beat
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.sweeping import Sweeper
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import Store
from tests.unit.jobs.conftest import add, until
from tests.unit.jobs.test_beat import add as add_schedule
from tests.unit.jobs.test_beat import order
from tests.unit.jobs.test_bus import DAYS
from tests.unit.store.conftest import FakeNow


@pytest.fixture(params=["redis", "amqp"])
async def silent_broker(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URL of a broker that accepts and never answers."""
    open_: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.append(writer)
        await reader.read()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"{request.param}://127.0.0.1:{port}//"
    server.close()
    for writer in open_:
        writer.close()


def settings(url: str, folder: Path) -> Settings:
    return Settings.load({"CELERY_BROKER_URL": url, "PROXMOX_MPC_HOME": str(folder)})


async def test_a_broker_that_never_answers_holds_up_neither_schedules_nor_sweeping(
    store: Store,
    bus: Bus,
    now: FakeNow,
    silent_broker: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("proxmox_mpc.bootstrap.dispatch.PATIENCE_S", 0.2)
    for number in range(60):
        await add_schedule(store, f"s{number}", now() + timedelta(minutes=1))
    loop = asyncio.get_running_loop()
    async with dispatcher(settings(silent_broker, tmp_path)) as dispatch:
        assert dispatch is not None
        began = loop.time()
        now.pass_(minutes=1)
        assert len(await Beat(bus, order, now, dispatch).tick()) == 60
        now.pass_(minutes=1)
        await Sweeper(bus, now, DAYS, dispatch).sweep()
        assert loop.time() - began < 2, "60 ids, and none of them was waited for"
        said = ""

        async def given_up() -> bool:
            nonlocal said
            said += capsys.readouterr().err
            return "the broker takes no jobs" in said

        await until(given_up)  # its sockets have a timeout: the thread does not hang for ever
        assert sum(thread.name.startswith("broker") for thread in threading.enumerate()) == 1


async def test_what_the_broker_did_not_take_is_sent_after_a_while_and_what_came_meanwhile_too() -> None:
    sent: list[str] = []
    refusals = [OSError("away"), OSError("away")]

    def send(id: str, later_s: float) -> None:
        if refusals:
            raise refusals.pop()
        sent.append(id)

    sending = Sending(send, quiet_s=0.01)
    task = asyncio.create_task(sending.run())
    for id in ("a", "b", "a"):
        sending.put(id)
    await asyncio.wait_for(sending.all_sent.wait(), 5)
    assert sorted(sent) == ["a", "b"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_a_process_was_about_to_send_is_sent_before_it_ends(store: Store, tmp_path: Path) -> None:
    job = await add(store)
    async with dispatcher(settings("memory://", tmp_path)) as dispatch:
        assert dispatch is not None
        dispatch(job.id)
    from kombu import Connection

    with Connection("memory://") as connection, connection.SimpleQueue("proxmox-mpc") as queue:
        assert queue.get(block=False).payload[0] == [job.id]
