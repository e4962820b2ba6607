"""Faults: caused from a test, over the control endpoint and by text; each as its victim would notice it."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.unit.simulator.api import Api, running

VM: dict[str, Any] = {"guests": [{"vmid": 100, "type": "qemu", "node": "pve-node1", "status": "running", "config": {}}]}
QEMU = "/nodes/pve-node1/qemu"


async def control(api: Api, method: str, **body: Any) -> tuple[int, dict[str, Any]]:
    url = f"{api.sim.url}/simulator/faults"
    async with api.session.request(method, url, **({"json": body} if body else {})) as answer:
        return answer.status, await answer.json()


async def test_without_quorum_guests_can_be_stopped_but_not_changed() -> None:
    async with running(seed=VM) as api:
        api.sim.faults.quorum_lost()
        refused = await api.call("PUT", f"{QEMU}/100/config", cores=2)
        assert (refused.status, refused.reason) == (500, "cluster not ready - no quorum?")
        assert await api.run("POST", f"{QEMU}/100/status/stop") == "OK"
        assert (await api.call("POST", f"{QEMU}/100/status/start")).status == 500
        assert (await api.get("/cluster/status"))[0]["quorate"] == 0
        assert (await api.call("POST", "/nodes/pve-node1/apt/update")).status == 200, "a node's own business"
        api.sim.faults.quorum_lost(False)
        assert await api.run("POST", f"{QEMU}/100/status/start") == "OK"


async def test_quorum_goes_with_the_nodes(api: Api) -> None:
    api.sim.faults.node_down("pve-node2")
    await api.do("POST", "/pools", poolid="one")
    api.sim.faults.node_down("pve-node3")
    assert "no quorum" in (await api.call("POST", "/pools", poolid="two")).reason


async def test_full_storage_takes_no_disk(api: Api) -> None:
    api.sim.faults.storage_full("local-lvm")
    assert "insufficient free space" in await api.run("POST", QEMU, vmid=100, scsi0="local-lvm:4")
    space = await api.get("/nodes/pve-node1/storage/local-lvm/status")
    assert space["avail"] == 0
    api.sim.faults.storage_full("local-lvm", full=False)
    assert await api.run("POST", QEMU, vmid=100, scsi0="local-lvm:4") == "OK"


async def test_task_fails_once(api: Api) -> None:
    api.sim.faults.fail_task("qmcreate", "out of luck", id="100")
    assert await api.run("POST", QEMU, vmid=101) == "OK"
    assert await api.run("POST", QEMU, vmid=100) == "unable to create VM 100 - out of luck"
    assert await api.run("POST", QEMU, vmid=100) == "OK"


async def test_locked_guest_does_not_start() -> None:
    async with running(seed={"guests": [{**VM["guests"][0], "status": "stopped"}]}) as api:
        api.sim.faults.lock_guest(100, "backup")
        assert await api.run("POST", f"{QEMU}/100/status/start") == "VM is locked (backup)"
        api.sim.faults.unlock_guest(100)
        assert await api.run("POST", f"{QEMU}/100/status/start") == "OK"


async def test_credentials_end(api: Api) -> None:
    root = await api.as_user("root@pam", api.sim.password)
    api.sim.faults.expire_tickets()
    assert (await root.call("GET", "/version")).status == 401
    await api.get("/version")
    api.sim.faults.revoke_token("root@pam!proxmox-mpc")
    assert (await api.call("GET", "/version")).status == 401


async def test_flaky_network_is_the_same_for_the_same_seed() -> None:
    async def outcomes() -> list[bool]:
        found = []
        async with running() as api:
            api.sim.faults.flaky(0.5, seed=7, method="POST")
            for number in range(12):
                try:
                    found.append((await api.call("POST", "/pools", poolid=f"p{number}")).status == 200)
                except aiohttp.ClientError:
                    found.append(False)
        return found

    first = await outcomes()
    assert first == await outcomes()
    assert 0 < sum(first) < 12


async def test_control_endpoint_causes_and_ends_faults(api: Api) -> None:
    assert await control(api, "POST", fault="node_down", name="pve-node2") == (
        200,
        {"faults": [{"node_down": "pve-node2"}], "kinds": (await control(api, "GET"))[1]["kinds"]},
    )
    assert (await api.call("GET", "/nodes/pve-node2/qemu")).status == 595
    assert (await control(api, "DELETE"))[1]["faults"] == []
    assert (await api.call("GET", "/nodes/pve-node2/qemu")).status == 200


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"fault": "nonsense"}, "no such fault"),
        ({"fault": "node_down", "name": "nope"}, "there is no 'nope'"),
        ({"fault": "node_down", "node": "pve-node1"}, "has no node"),
        ({"fault": "delay", "seconds": "soon"}, "soon"),
        ({"fault": "storage_full", "name": "nope"}, "does not exist"),
    ],
)
async def test_control_endpoint_says_what_is_wrong(api: Api, body: dict[str, Any], complaint: str) -> None:
    status, answer = await control(api, "POST", **body)
    assert status == 400
    assert complaint in answer["error"]


async def test_faults_from_the_start() -> None:
    async with running(faults=["answer status=596 path=^/version$ times=1", "node_down name=pve-node3"]) as api:
        assert (await api.call("GET", "/version")).status == 596
        assert (await api.call("GET", "/nodes/pve-node3/lxc")).status == 595
    with pytest.raises(ValueError, match="is not key=value"):
        async with running(faults=["node_down pve-node3"]):
            pass
