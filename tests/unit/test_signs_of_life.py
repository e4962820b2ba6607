"""A process at work says that it lives; a database that is busy for a moment does not make it dead."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from proxmox_mpc import store
from proxmox_mpc.applications.apply import Applier


async def test_signs_go_on_after_one_that_could_not_be_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SIGN_OF_LIFE_S", 0.001)
    signs, enough = [], asyncio.Event()

    class Runs:
        async def lives(self, run: str) -> None:
            signs.append(run)
            if len(signs) == 2:
                raise OSError("database is locked")
            if len(signs) == 4:
                enough.set()

    holder = cast(Any, type("S", (), {"runs": Runs()}))
    applier = Applier(holder, "me", cast(Any, None), cast(Any, None), cast(Any, None), lambda progress: None)
    alive = asyncio.create_task(applier.signs_of_life("run"))
    await asyncio.wait_for(enough.wait(), 5)
    alive.cancel()
    assert signs == ["run"] * 4
