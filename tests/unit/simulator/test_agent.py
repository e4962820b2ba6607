"""The guest agent of a made-up system: what it tells, runs, reads and writes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest

from tests.unit.simulator.api import Api, running

AGENT = "/nodes/pve-node1/qemu/100/agent"


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """A VM that runs, with an agent."""
    config = {"name": "web", "agent": "1", "cores": 2, "sockets": 2, "memory": 512}
    guest = {"vmid": 100, "type": "qemu", "node": "pve-node1", "status": "running", "config": config}
    async with running(seed={"guests": [guest]}) as started:
        yield started


async def test_a_program_is_run_and_told_of_once(api: Api) -> None:
    made = await api.do("POST", f"{AGENT}/exec", command=["/bin/echo", "hello", "you"])
    told = await api.get(f"{AGENT}/exec-status", pid=made["pid"])
    assert (told["exited"], told["exitcode"], told["out-data"]) == (1, 0, "hello you\n")
    again = await api.call("GET", f"{AGENT}/exec-status", pid=made["pid"])
    assert again.reason == "Agent error: Invalid parameter 'pid'"
    missing = await api.call("POST", f"{AGENT}/exec", command=["reboot"])
    assert missing.reason.startswith("Agent error: Failed to execute child process")
    typed = await api.do("POST", f"{AGENT}/exec", command=["cat"], **{"input-data": "by hand"})
    assert (await api.get(f"{AGENT}/exec-status", pid=typed["pid"]))["out-data"] == "by hand"


async def test_a_file_that_was_written_can_be_read_and_shown(api: Api) -> None:
    assert (await api.get(f"{AGENT}/file-read", file="/etc/hostname"))["content"] == "web\n"
    await api.do("POST", f"{AGENT}/file-write", file="/etc/motd", content="Grüße\n")
    assert (await api.get(f"{AGENT}/file-read", file="/etc/motd"))["content"] == "Grüße\n"
    part = await api.get(f"{AGENT}/file-read", file="/etc/motd", count=2)
    assert (part["content"], part["truncated"]) == ("Gr", 1)
    encoded = base64.b64encode(b"\xff\x00").decode()
    await api.do("POST", f"{AGENT}/file-write", file="/srv/raw", content=encoded, encode=0)
    assert (await api.get(f"{AGENT}/file-read", file="/srv/raw", decode=0))["content"] == encoded
    shown = await api.do("POST", f"{AGENT}/exec", command=["cat", "/etc/motd"])
    assert (await api.get(f"{AGENT}/exec-status", pid=shown["pid"]))["out-data"] == "Grüße\n"
    assert "No such file" in (await api.call("GET", f"{AGENT}/file-read", file="/nowhere")).reason


async def test_processors_and_memory_are_those_of_the_machine(api: Api) -> None:
    assert len((await api.get(f"{AGENT}/get-vcpus"))["result"]) == 4
    block = (await api.get(f"{AGENT}/get-memory-block-info"))["result"]["size"]
    assert len((await api.get(f"{AGENT}/get-memory-blocks"))["result"]) * block == 512 << 20
    assert (await api.get(f"{AGENT}/get-timezone"))["result"]["zone"] == "UTC"


async def test_file_systems_hold_still_until_they_are_thawed(api: Api) -> None:
    async def status() -> str:
        return str((await api.do("POST", f"{AGENT}/fsfreeze-status"))["result"])

    assert await status() == "thawed"
    assert (await api.do("POST", f"{AGENT}/fsfreeze-freeze"))["result"] == 1
    assert await status() == "frozen"
    assert (await api.do("POST", f"{AGENT}/fsfreeze-thaw"))["result"] == 1
    assert await status() == "thawed"


async def test_the_agent_shuts_its_system_down(api: Api) -> None:
    await api.do("POST", f"{AGENT}/shutdown")
    assert (await api.get("/nodes/pve-node1/qemu/100/status/current"))["status"] == "stopped"
    assert (await api.call("POST", f"{AGENT}/ping")).reason == "VM 100 is not running"


async def test_a_made_up_system_cannot_be_suspended_from_inside(api: Api) -> None:
    refused = await api.call("POST", f"{AGENT}/suspend-ram")
    assert refused.reason == "Agent error: the command guest-suspend-ram is not supported"
