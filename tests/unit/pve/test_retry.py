from collections.abc import Callable
from typing import Any

import pytest

from proxmox_mpc.pve import Cluster, Locked, NodeUnreachable, NoQuorum, PveError, Retry
from tests.unit.pve.fake_pve import FakePve, FakeTime, raw, refusing

Connect = Callable[..., Cluster]

LOCKED = refusing(500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout")
NO_QUORUM = refusing(500, "cluster not ready - no quorum?")
SILENT_NODE = raw(596, reason="Connection timed out")
NOBODY_HOME = raw(595, reason="No route to host")
STATUS = "/nodes/{node}/qemu/{vmid}/status/current"
START = "/nodes/{node}/qemu/{vmid}/status/start"


@pytest.mark.parametrize("refusal", [LOCKED, NO_QUORUM])
async def test_a_refused_write_is_tried_again(server: FakePve, connect: Connect, time: FakeTime, refusal: Any) -> None:
    server.on("POST", "/nodes/pve1/qemu/100/status/start", refusal, refusal, "UPID:x")
    async with connect() as pve:
        assert await pve.post(START, node="pve1", vmid=100) == "UPID:x"
    assert len(time.slept) == 2


@pytest.mark.parametrize("refusal", [LOCKED, NO_QUORUM, SILENT_NODE, NOBODY_HOME])
async def test_a_refused_read_is_tried_again(server: FakePve, connect: Connect, time: FakeTime, refusal: Any) -> None:
    server.on("GET", "/nodes/pve1/qemu/100/status/current", refusal, {"status": "running"})
    async with connect() as pve:
        assert await pve.get(STATUS, node="pve1", vmid=100) == {"status": "running"}
    assert len(time.slept) == 1


@pytest.mark.parametrize("silence", [SILENT_NODE, NOBODY_HOME])
async def test_a_write_to_a_silent_node_is_not_repeated(
    server: FakePve, connect: Connect, time: FakeTime, silence: Any
) -> None:
    server.on("POST", "/nodes/pve1/qemu/100/status/start", silence)
    async with connect() as pve:
        with pytest.raises(NodeUnreachable) as caught:
            await pve.post(START, node="pve1", vmid=100)
    assert caught.value.exit_code == 7
    assert server.count("POST", "/nodes/pve1/qemu/100/status/start") == 1
    assert time.slept == []


@pytest.mark.parametrize(
    "refusal",
    [
        refusing(500, "VM 100 already running"),
        refusing(403, "Permission check failed (/vms/100, VM.Audit)"),
        refusing(400, "Parameter verification failed.", {"vmid": "no"}),
        refusing(500, "hostname lookup 'pve1' failed - failed to get address info for: pve1:"),
        refusing(501, "Method 'GET /x' not implemented"),
        refusing(500, "detected modified configuration - file changed by other user? Try again."),
        refusing(500, "got timeout"),
        raw(200, b"{", "application/json"),
    ],
)
async def test_nothing_else_is(server: FakePve, connect: Connect, time: FakeTime, refusal: Any) -> None:
    server.on("GET", "/nodes/pve1/qemu/100/status/current", refusal)
    async with connect() as pve:
        with pytest.raises(PveError):
            await pve.get(STATUS, node="pve1", vmid=100)
    assert server.count("GET", "/nodes/pve1/qemu/100/status/current") == 1
    assert time.slept == []


async def test_tries_are_bounded_and_pauses_grow(server: FakePve, connect: Connect, time: FakeTime) -> None:
    server.on("GET", "/pools", NO_QUORUM)
    async with connect(retry=Retry(tries=5, first_s=1, longest_s=4, total_s=1000)) as pve:
        with pytest.raises(NoQuorum) as caught:
            await pve.get("/pools")
    assert caught.value.exit_code == 7
    assert server.count("GET", "/pools") == 5
    assert time.slept == [0.75, 1.5, 3.0, 3.0]


async def test_the_total_time_is_bounded(server: FakePve, connect: Connect, time: FakeTime) -> None:
    server.on("GET", "/pools", LOCKED)
    async with connect(retry=Retry(tries=1000, total_s=30)) as pve:
        with pytest.raises(Locked):
            await pve.get("/pools")
    assert 15 < sum(time.slept) <= 30


def test_chance_spreads_the_pauses() -> None:
    retry = Retry(first_s=1)
    assert retry.pause_s(1, 0.0) == 0.5
    assert retry.pause_s(1, 1.0) == 1.0
