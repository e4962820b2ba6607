"""Pytest fixtures: a simulated cluster for each test that asks for one.

Enable them in the root `conftest.py` by `pytest_plugins = ["proxmox_mpc.simulator.pytest"]`; pytest-asyncio must be
installed. A test asks for `pve` and gets a started `Simulator`. A module that wants another cluster has a fixture
`pve_options` of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from proxmox_mpc.simulator import Simulator


@pytest.fixture
def pve_options() -> dict[str, Any]:
    """What `Simulator` is started with; override it to have other nodes, guests, a seed or faults."""
    return {}


@pytest_asyncio.fixture
async def pve(pve_options: dict[str, Any]) -> AsyncIterator[Simulator]:
    """A running simulated cluster on a free loopback port, without waiting times; it ends with the test."""
    async with Simulator(**{"time_scale": 0.0, **pve_options}) as simulator:
        yield simulator
