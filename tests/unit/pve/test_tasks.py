import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.pve import Cluster, GuestMissing, Locked, TaskFailed, TaskUnfinished, UnexpectedAnswer
from tests.unit.pve.fake_pve import FakePve, FakeTime, hang_up, raw

Connect = Callable[..., Cluster]
UPID = "UPID:pve1:00000F71:000ADA27:6B0111FA:qmstart:100:root@pam!test:"
PATH = f"/nodes/pve1/tasks/{UPID}"


class Task:
    """A task that writes some lines at each look at its status, until none are left."""

    def __init__(self, server: FakePve, *batches: list[str], exitstatus: str = "OK") -> None:
        self.batches, self.lines, self.exitstatus = list(batches), list[str](), exitstatus
        self.looks = 0
        server.on("GET", f"{PATH}/status", self.status)
        server.on("GET", f"{PATH}/log", self.log)

    async def status(self, request: web.Request) -> web.StreamResponse:
        self.looks += 1
        if self.batches:
            self.lines += self.batches.pop(0)
        state: dict[str, Any] = {"status": "running" if self.batches else "stopped", "upid": UPID}
        if not self.batches:
            state["exitstatus"] = self.exitstatus
        return web.json_response({"data": state})

    async def log(self, request: web.Request) -> web.StreamResponse:
        start, limit = int(request.query["start"]), int(request.query["limit"])
        rows = [{"n": n, "t": text} for n, text in enumerate(self.lines, 1)][start : start + limit]
        if not self.lines:
            rows = [{"n": 1, "t": "no content"}]
        return web.json_response({"data": rows, "total": len(self.lines)})


async def test_a_task_is_awaited_with_growing_pauses(server: FakePve, connect: Connect, time: FakeTime) -> None:
    task = Task(server, *[[] for _ in range(150)])
    async with connect() as pve:
        result = await pve.wait(UPID)
    assert (result.exitstatus, result.warnings, str(result.upid)) == ("OK", 0, UPID)
    assert task.looks == 150
    assert time.slept == sorted(time.slept)
    assert time.slept[0] == 0.05
    assert time.slept[-1] == 5.0


async def test_its_log_is_streamed_without_gaps_or_repeats(server: FakePve, connect: Connect) -> None:
    lines = [f"line {number}" for number in range(1300)]
    Task(server, [], lines[:1], lines[1:700], [], lines[700:])
    heard: list[str] = []
    async with connect() as pve:
        result = await pve.wait(UPID, on_log=heard.append)
    assert heard == lines
    assert list(result.log) == lines


async def test_the_log_alone_can_be_followed(server: FakePve, connect: Connect) -> None:
    Task(server, ["starting"], ["half"], [], ["TASK OK"])
    async with connect() as pve:
        assert [line async for line in pve.task_log(UPID)] == ["starting", "half", "TASK OK"]


async def test_an_empty_log_has_no_lines(server: FakePve, connect: Connect) -> None:
    Task(server, [], [])
    async with connect() as pve:
        assert [line async for line in pve.task_log(UPID)] == []


async def test_a_listener_may_be_slow(server: FakePve, connect: Connect) -> None:
    Task(server, ["a"], ["b"])
    heard: list[str] = []

    async def listen(line: str) -> None:
        await asyncio.sleep(0)
        heard.append(line)

    async with connect() as pve:
        await pve.wait(UPID, on_log=listen)
    assert heard == ["a", "b"]


async def test_warnings_are_success(server: FakePve, connect: Connect) -> None:
    Task(server, ["WARN: iothread is ignored"], exitstatus="WARNINGS: 2")
    async with connect() as pve:
        result = await pve.wait(UPID)
    assert result.warnings == 2
    assert result.log == ("WARN: iothread is ignored",)


async def test_a_failed_task_tells_why_with_its_last_lines(server: FakePve, connect: Connect) -> None:
    Task(server, [f"line {n}" for n in range(40)], exitstatus="VM is locked (backup)")
    async with connect() as pve:
        with pytest.raises(TaskFailed) as caught:
            await pve.wait(UPID)
    error = caught.value
    assert error.message == "the task qmstart 100 on pve1 failed: VM is locked (backup)"
    assert error.log[-1] == "line 39"
    assert len(error.log) == 10
    assert "line 39" in str(error)
    assert (error.upid, error.exitstatus) == (UPID, "VM is locked (backup)")
    assert type(error.cause) is Locked
    assert error.hint == error.cause.hint


async def test_a_failure_has_its_cause_as_a_type(server: FakePve, connect: Connect) -> None:
    Task(server, [], exitstatus="Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist")
    async with connect() as pve:
        with pytest.raises(TaskFailed) as caught:
            await pve.wait(UPID)
    assert type(caught.value.cause) is GuestMissing


async def test_a_task_that_died_without_a_word_failed(server: FakePve, connect: Connect) -> None:
    Task(server, [], exitstatus="")
    async with connect() as pve:
        with pytest.raises(TaskFailed, match="unexpected end"):
            await pve.wait(UPID)


async def test_waiting_ends_in_time_and_the_task_goes_on(server: FakePve, connect: Connect, time: FakeTime) -> None:
    Task(server, *[[] for _ in range(1000)])
    async with connect() as pve:
        with pytest.raises(TaskUnfinished) as caught:
            await pve.wait(UPID, timeout_s=60)
    assert sum(time.slept) <= 60
    assert f"proxmox-cli logs {UPID}" in caught.value.hint
    assert caught.value.upid == UPID
    assert "DELETE" not in [method for method, _ in server.seen]


async def test_a_short_outage_does_not_lose_the_task(server: FakePve, connect: Connect) -> None:
    running = {"status": "running"}
    server.on("GET", f"{PATH}/status", running, hang_up, hang_up, hang_up, {"status": "stopped", "exitstatus": "OK"})
    async with connect() as pve:
        assert (await pve.wait(UPID)).exitstatus == "OK"


async def test_a_task_can_be_stopped(server: FakePve, connect: Connect) -> None:
    server.on("DELETE", PATH, None)
    async with connect() as pve:
        await pve.stop_task(UPID)
    assert server.count("DELETE", PATH) == 1


@pytest.mark.parametrize("upid", ["", "UPID:", "100", "UPID:pve1:x", None])
async def test_what_is_no_task_is_not_asked_for(server: FakePve, connect: Connect, upid: Any) -> None:
    async with connect() as pve:
        with pytest.raises(InvalidInput):
            await pve.wait(upid)
    assert server.seen == []


async def test_nonsense_instead_of_a_status_is_a_typed_error(server: FakePve, connect: Connect) -> None:
    server.on("GET", f"{PATH}/status", raw(200, b'{"data":[1]}', "application/json"))
    async with connect() as pve:
        with pytest.raises(UnexpectedAnswer):
            await pve.wait(UPID)
