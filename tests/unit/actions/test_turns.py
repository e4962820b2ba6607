"""Turns of guests that are taken together."""

from __future__ import annotations

import asyncio

import pytest

from proxmox_mpc.actions._guests.turns import GuestView, _together


async def test_where_one_breaks_no_other_goes_on_unawaited() -> None:
    ended: list[str] = []

    async def breaks() -> GuestView:
        await asyncio.sleep(0)
        raise OSError("the disk of the store is full")

    async def works() -> GuestView:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("as it should")
        raise AssertionError

    with pytest.raises(OSError, match="the store is full"):
        await _together([works(), breaks(), works()])
    assert ended == ["as it should"] * 2
