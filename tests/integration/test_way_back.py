"""A way back from changes: snapshots before them, which go once all is done, stay where it is not, and are never others'."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.engine.execute import ApplyFailed, Execution
from proxmox_mpc.engine.plan import Blocked, Gate, Plan
from proxmox_mpc.engine.securing import Safety
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from tests.lab import Lab, _soon, lab

ONE, TWO = "pve-node1", "pve-node2"
VM: dict[str, Any] = {"vmid": 150, "type": "qemu", "node": ONE}
VM["config"] = {"name": "web", "memory": 512, "scsi0": "local-lvm:vm-150-disk-0,size=1G"}
CT: dict[str, Any] = {"vmid": 151, "type": "lxc", "node": ONE}
CT["config"] = {"hostname": "db", "memory": 512, "rootfs": "local-lvm:vm-151-disk-0,size=1G"}
SEED = {"guests": [VM, CT]}
THICK = "shared-nfs:150/vm-150-disk-0.raw,size=1G"


def doc(kind: str, name: str, **spec: Any) -> str:
    return yaml.safe_dump({"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def vm(**spec: Any) -> str:
    return doc("VirtualMachine", "web", **spec)


BOTH = vm(memory=512) + "---\n" + doc("Container", "db", memory=512)
CHANGED = BOTH.replace("512", "768")


async def snapshots(it: Lab, name: str) -> list[str]:
    path = {"web": "qemu/150", "db": "lxc/151"}[name]
    rows = await it.pve.get(f"/nodes/{{node}}/{path.split('/')[0]}/{{vmid}}/snapshot", {"node": ONE, "vmid": path[-3:]})
    return [row["name"] for row in rows if row["name"] != "current"]


async def take(it: Lab, name: str, description: str = "") -> None:
    params = {"node": ONE, "vmid": 150, "snapname": name, "description": description}
    await it.pve.wait(await it.pve.post("/nodes/{node}/qemu/{vmid}/snapshot", params))


async def carry_out(it: Lab, plan: Plan, safety: Safety) -> None:
    run = Execution(it.view(), find_kind, plan, it.journal, it._uids, it.progress.append, sleep=_soon, safety=safety)
    await run.run()


async def test_each_guest_is_kept_before_it_is_changed_and_let_go_of_after_it() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(BOTH, adopt=True)
        await take(it, "theirs")
        seen = len(it.writes())
        plan = await it.apply(CHANGED, secure="all")
        assert all(step.secured and "a snapshot is kept" in step.note for step in plan.work)
        for kind, vmid in (("qemu", 150), ("lxc", 151)):
            mine = [(verb, path) for verb, path in it.writes()[seen:] if f"/{kind}/{vmid}/" in path]
            verbs = [f"{verb} {path.rpartition('/')[2]}" for verb, path in mine]
            assert verbs[0] == "POST snapshot", "first of all"
            assert verbs[-1] == "DELETE mpc-rollback-run", "last of all"
            assert any(verb.endswith("config") for verb in verbs[1:-1])
        assert await snapshots(it, "web") == ["theirs"]
        assert await snapshots(it, "db") == []
        assert (await it.config("vm", "web"))["memory"] in ("768", 768)
        assert (await it.plan(CHANGED, secure="all")).is_empty


async def test_without_being_asked_for_nothing_is_kept() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(BOTH, adopt=True)
        await it.apply(CHANGED)
        assert not any("snapshot" in path for _, path in it.writes())


async def test_a_change_that_fails_leaves_its_snapshot_and_says_how_to_go_back() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(BOTH, adopt=True)
        it.sim.faults.fail_task("qmconfig", "no space left on device", times=1)
        with pytest.raises(ApplyFailed) as failed:
            await it.apply(CHANGED, secure="all")
        assert "to go back: proxmox-cli snapshot rollback 150 mpc-rollback-run" in str(failed.value)
        assert await snapshots(it, "web") == ["mpc-rollback-run"]
        assert await snapshots(it, "db") == [], "what was done needs no way back"
        (step,) = (await it.plan(CHANGED)).work
        assert "snapshot mpc-rollback-run holds it as it was before a change that did not end" in step.note

        plan = await it.plan(CHANGED, secure="all")
        await carry_out(it, plan, Safety("later", again=True))
        assert not any(path.endswith("mpc-rollback-later") for _, path in it.writes()), "the first one is of before"
        assert await snapshots(it, "web") == []


async def test_what_a_killed_run_left_goes_although_nothing_is_to_do_any_more() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(BOTH, adopt=True)
        text = "As it was before a change of test. [proxmox-mpc-rollback test]"
        for name, description in (("mpc-rollback-old", text), ("theirs", text.replace("test", "other"))):
            await take(it, name, description)
        assert (await it.apply(BOTH)).is_empty
        assert await snapshots(it, "web") == ["mpc-rollback-old", "theirs"], "not asked for"
        assert (await it.apply(BOTH, secure="all")).is_empty
        assert await snapshots(it, "web") == ["theirs"], "another application's stays"


@pytest.mark.parametrize(
    ("config", "wish", "why"),
    [
        ({"scsi0": THICK}, {"memory": 768}, "no snapshot can be taken with disks.scsi0 on shared-nfs (nfs)"),
        (
            {"scsi0": "local-lvm:vm-150-disk-0,size=1G"},
            {"disks": [{"slot": "scsi0", "storage": "shared-nfs", "size": "1G"}]},
            "scsi0 is to be moved",
        ),
        ({"scsi0": "local-lvm:vm-150-disk-0,size=1G"}, {"node": TWO}, "it is to move to pve-node2"),
    ],
)
async def test_what_cannot_be_kept_is_refused_before_anything_is_sent(
    config: dict[str, Any], wish: dict[str, Any], why: str
) -> None:
    guest = {**VM, "config": {"name": "web", "memory": 512, **config}}
    async with lab(seed={"guests": [guest]}) as it:
        await it.apply(vm(memory=512, node=ONE), adopt=True)
        before, changed = it.writes(), vm(**{"memory": 512, "node": ONE, **wish})
        plan = await it.plan(changed, secure="all", allow=Impact.DATA_LOSS)
        with pytest.raises(Blocked, match="gate: snapshot") as refused:
            await it.execute(plan)
        assert why in str(refused.value)
        assert "--snapshot-where-possible" in refused.value.hint
        assert [step.key.name for step in plan.steps if step.is_stopped_by(Gate.SNAPSHOT)] == ["web"]
        assert it.writes() == before
        plan = await it.apply(changed, secure="possible", allow=Impact.DATA_LOSS)
        assert f"without a snapshot: {why}" in plan.work[0].note
        assert not any(path.endswith("/snapshot") for _, path in it.writes())


async def test_a_snapshot_that_cannot_be_deleted_is_told_and_fails_nothing() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(BOTH, adopt=True)
        it.sim.faults.fail_task("qmdelsnapshot", "timeout", times=1)
        outcomes = await it.execute(await it.plan(CHANGED, secure="all"))
        assert {outcome.status for outcome in outcomes} == {"done"}
        (told,) = [remark for outcome in outcomes for remark in outcome.remarks]
        assert "its snapshot stays, for it could not be deleted" in told


async def test_a_way_back_is_no_object_of_its_own_and_part_of_what_was_agreed_to() -> None:
    async with lab(seed=SEED) as it:
        await it.apply(BOTH, adopt=True)
        assert (await it.plan(CHANGED)).hash != (await it.plan(CHANGED, secure="all")).hash
        it.sim.faults.fail_task("qmconfig", "no", times=1)
        with pytest.raises(ApplyFailed):
            await it.apply(CHANGED, secure="all")
        (kept,) = await it.lives("Snapshot")
        assert kept.mark is None
        assert not find_kind("Snapshot").exported(kept)
