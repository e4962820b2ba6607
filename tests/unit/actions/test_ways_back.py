"""Going back after a release that failed: not where another worker goes on with it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from proxmox_mpc.actions import _ways_back
from proxmox_mpc.actions._deploying import Deploying
from proxmox_mpc.engine.stop import Stop, Stopped

REQUEST = Deploying(chart="", name="shop", atomic=True)


class Fake:
    """A session whose store knows one revision that failed."""

    def __init__(self) -> None:
        self.stop = Stop()

    async def context(self) -> Any:
        return SimpleNamespace(name="lab")

    async def store(self) -> Any:
        async def history(*_: str) -> list[Any]:
            return [SimpleNamespace(number=1, status="failed", result={})]

        return SimpleNamespace(applications=SimpleNamespace(history=history))


@pytest.fixture
def went_back(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []

    async def gone(session: Any, name: str, **_: Any) -> None:
        told.append(name)

    monkeypatch.setattr(_ways_back, "_gone", gone)
    return told


async def test_a_release_that_others_go_on_with_is_left_as_it_is(went_back: list[str]) -> None:
    session: Any = Fake()
    session.stop.handed_over = True
    session.stop.ask()
    with pytest.raises(Stopped):
        async with _ways_back.or_back(session, REQUEST, []):
            raise Stopped("stopped")
    assert went_back == []


async def test_who_stops_a_release_gets_back_what_was_and_time_for_it(went_back: list[str]) -> None:
    session: Any = Fake()
    asked: list[str] = []
    session.stop.more_time = lambda: asked.append("time")
    session.stop.ask()
    with pytest.raises(_ways_back.ReleaseFailed, match="was uninstalled"):
        async with _ways_back.or_back(session, REQUEST, []):
            raise Stopped("stopped")
    assert (went_back, asked) == (["shop"], ["time"])
    assert not session.stop.asked
