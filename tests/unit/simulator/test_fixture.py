"""The pytest fixtures that others use."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from proxmox_mpc.simulator import Simulator
from proxmox_mpc.simulator.pytest import pve as pve


@pytest.fixture
def pve_options() -> dict[str, Any]:
    return {"nodes": 1, "guests": 3, "tls": False}


async def test_a_cluster_for_a_test(pve: Simulator) -> None:
    headers = {"Authorization": f"PVEAPIToken={pve.token}"}
    url = f"{pve.url}/api2/json/cluster/resources?type=vm"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        assert {row["node"] for row in (await answer.json())["data"]} == {"pve-node1"}
    assert len(pve.cluster.guests) >= 3
