"""The pace of requests: it follows the cluster down, and up again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.pve import Cluster, Limits
from proxmox_mpc.pve._pace import Pace
from tests.unit.pve.fake_pve import FakePve, raw

Connect = Callable[..., Cluster]


@dataclass
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_struggling_cluster_gets_half_as_many_once_per_breath_and_one_at_least() -> None:
    time = Time()
    pace = Pace(16, time)
    pace.struggled()
    pace.struggled()
    assert pace.limit == 8, "what was under way already says nothing new"
    for _ in range(9):
        time.now += 1
        pace.struggled()
    assert pace.limit == 1


def test_answers_bring_the_pace_back_and_not_beyond() -> None:
    pace = Pace(16, Time())
    pace.struggled()
    for _ in range(7):
        pace.answered(0.01, reading=True)
    assert 8 < pace.limit < 9, "one more for about as many answers as are under way"
    for _ in range(500):
        pace.answered(0.01, reading=True)
    assert pace.limit == 16


def test_rising_latency_of_reads_slows_down_and_that_of_writes_does_not() -> None:
    time = Time()
    pace = Pace(16, time)
    for _ in range(50):
        pace.answered(0.02, reading=True)
    for _ in range(50):
        time.now += 1
        pace.answered(30.0, reading=False)
    assert pace.limit == 16
    for _ in range(10):
        time.now += 1
        pace.answered(4.0, reading=True)
    assert pace.limit < 8


@given(st.lists(st.sampled_from(["ask", "leave", "cancel", "struggle", "answer"]), max_size=60))
def test_no_place_is_lost_or_given_twice(moves: list[str]) -> None:
    async def play() -> None:
        pace = Pace(4, Time())
        inside: list[asyncio.Event] = []
        tasks: list[asyncio.Task[None]] = []

        async def visit() -> None:
            go = asyncio.Event()
            async with pace.place():
                inside.append(go)
                assert len(inside) <= 4
                try:
                    await go.wait()
                finally:
                    inside.remove(go)

        for move in moves:
            if move == "ask":
                tasks.append(asyncio.create_task(visit()))
            elif move == "leave" and inside:
                inside[0].set()
            elif move == "cancel" and tasks:
                tasks.pop().cancel()
            elif move == "struggle":
                pace.struggled()
            elif move == "answer":
                pace.answered(0.01, reading=True)
            await asyncio.sleep(0)
        for _ in range(200):
            for go in inside:
                go.set()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (pace._inside, len(pace._waiting)) == (0, 0)

    asyncio.run(play())


async def test_a_cluster_that_answers_503_is_asked_by_fewer(server: FakePve, connect: Connect) -> None:
    server.on("GET", "/pools", *[raw(503, b"", "text/plain", "Service Unavailable")] * 8, [])
    async with connect(limits=Limits(per_cluster=8)) as pve:
        await pve.version()
        await asyncio.gather(*(pve.get("/pools") for _ in range(8)), return_exceptions=True)
        assert pve._sender._slots.pace.limit < 8
