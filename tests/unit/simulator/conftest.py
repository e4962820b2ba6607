"""A demo cluster for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.simulator.api import Api, running


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with running() as found:
        yield found
