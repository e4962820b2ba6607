"""What a node leaves behind that lost its power while it made a guest: known, named, and never touched."""

from __future__ import annotations

import pytest

from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.kinds._kind import Key, Owned
from tests.lab import Lab, lab

WEB = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web }
spec: { node: pve-node1, memory: 512, disks: [{ storage: local-lvm, size: 1G }] }
"""
KEY = Key("VirtualMachine", "default", "web")


async def cut_off(it: Lab, lock: str) -> None:
    """A creation was accepted; the node died when it had written no more than the lock (PVE::API2::Qemu, 9.1)."""
    await it.pve.wait(await it.pve.post("/nodes/{node}/qemu", node="pve-node1", vmid=100))
    if lock:
        it.sim.faults.lock_guest(100, lock)
    it.journal.owned[KEY] = Owned(KEY, "uid", "test", {"vmid": 100, "node": "pve-node1"}, None)


@pytest.mark.parametrize("lock", ["create", "clone"])
async def test_a_guest_that_was_left_half_made_is_reported_and_no_second_one_is_made(lock: str) -> None:
    async with lab() as it:
        await cut_off(it, lock)
        plan = await it.plan(WEB)
        assert [step.action for step in plan.work] == [Action.UPDATE]
        before = len(it.writes())
        with pytest.raises(ApplyFailed) as failed:
            await it.execute(plan)
        assert f"VMID 100 was left half made and locked ({lock})" in str(failed.value)
        assert "pve-node1 as root: qm unlock 100 && qm destroy 100 --destroy-unreferenced-disks 1" in str(failed.value)
        assert len(it.writes()) == before
        it.sim.faults.unlock_guest(100)
        await it.pve.wait(await it.pve.delete("/nodes/{node}/qemu/{vmid}", node="pve-node1", vmid=100))
        await it.apply(WEB)
        assert (await it.plan(WEB)).is_empty
        assert [live.key.name for live in await it.lives("vm") if live.mark] == ["web"]


async def test_a_stranger_with_the_vmid_of_a_creation_that_never_was_is_left_alone() -> None:
    async with lab() as it:
        await cut_off(it, "")
        await it.pve.put("/nodes/{node}/qemu/{vmid}/config", node="pve-node1", vmid=100, name="web", memory="64")
        plan = await it.plan(WEB)
        assert [str(step.refusal and step.refusal.why) for step in plan.work] == ["exists already and nobody owns it"]
