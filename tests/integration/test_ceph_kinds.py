"""Ceph from its monitors to its file systems: declared at once, made in order, and what has no way back stays."""

from __future__ import annotations

import copy

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds._field import Impact
from tests.integration.test_every_kind import manifest
from tests.lab import lab

INITIALIZED = {"ceph": True, "requests": [{"method": "POST", "path": "/nodes/pve-node1/ceph/init"}]}
DAEMONS = [
    *(manifest("CephMonitor", f"pve-node{n}/pve-node{n}") for n in (1, 2, 3)),
    manifest("CephManager", "pve-node2/pve-node2"),
    manifest("CephMetadataServer", "pve-node3/pve-node3"),
]
CODED = manifest("CephPool", "cold", {"erasureCoding": {"data": 2, "coding": 1}, "addStorages": True, "pgNum": 32})


async def test_all_of_it_is_made_in_order_and_only_a_file_system_stays() -> None:
    text = yaml.safe_dump_all([manifest("CephPool", "vms", {"size": 2}), manifest("CephFS", "files"), *DAEMONS])
    async with lab(seed=INITIALIZED) as it:
        await it.apply(text)
        assert (await it.plan(text)).is_empty
        assert [live.key.name for live in await it.lives("CephMonitor")] == [
            f"pve-node{n}/pve-node{n}" for n in (1, 2, 3)
        ]
        plan = await it.plan(yaml.safe_dump_all(DAEMONS), prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
        assert {step.key.name: step.note for step in plan.work if "pveceph fs destroy" in step.note}.keys() == {"files"}
        await it.execute(plan)
        assert [live.key.name for live in await it.lives("CephFS")] == ["files"]
        assert "vms" not in [live.key.name for live in await it.lives("CephPool")]


async def test_everything_goes_but_the_last_monitor() -> None:
    async with lab(seed=INITIALIZED) as it:
        await it.apply(yaml.safe_dump_all([manifest("CephPool", "vms", {"size": 2}), *DAEMONS]))
        await it.apply("", prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
        assert [len(await it.lives(kind)) for kind in ("CephMonitor", "CephMetadataServer", "CephPool")] == [1, 0, 0]
        assert it.journal.owned == {}


async def test_a_pool_of_chunks_is_one_and_goes_with_its_storage() -> None:
    async with lab(seed=INITIALIZED) as it:
        await it.apply(yaml.safe_dump_all([*DAEMONS, CODED]))
        assert (await it.plan(yaml.safe_dump_all([*DAEMONS, CODED]))).is_empty
        changed = copy.deepcopy(CODED)
        for field, value in (("pgNum", 64), ("size", 4), ("minSize", 1)):
            changed["spec"][field] = value
            await it.apply(yaml.safe_dump_all([*DAEMONS, changed]))
            assert (await it.plan(yaml.safe_dump_all([*DAEMONS, changed]))).is_empty, field
        rows = await it.pve.get("/nodes/{node}/ceph/pool", {"node": "pve-node1"})
        assert {row["pool_name"]: row["pg_num"] for row in rows if "cold" in row["pool_name"]} == {
            "cold-data": 64,
            "cold-metadata": 64,
        }
        await it.apply(yaml.safe_dump_all(DAEMONS), prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
        left = [row["pool_name"] for row in await it.pve.get("/nodes/{node}/ceph/pool", {"node": "pve-node1"})]
        assert [name for name in left if "cold" in name] == []
        assert "cold" not in [row["storage"] for row in await it.pve.get("/storage")]


async def test_without_ceph_it_says_what_to_do() -> None:
    async with lab() as it:
        with pytest.raises(InvalidInput, match="no Ceph that works") as said:
            await it.plan(yaml.safe_dump(manifest("CephPool", "vms")))
        assert "pveceph install" in said.value.hint
        assert await it.lives("CephPool") == await it.lives("CephMonitor") == await it.lives("CephFlags") == []


async def test_flags_are_set_on_the_ceph_that_the_same_plan_brings_up() -> None:
    text = """\
apiVersion: proxmox.io/v1
kind: CephFlags
metadata: { name: ceph }
spec: { noout: true }
---
apiVersion: proxmox.io/v1
kind: CephMonitor
metadata: { name: pve-node1/pve-node1 }
"""
    async with lab(preset="empty", seed={"ceph": True}) as it:
        await it.pve.post("/nodes/{node}/ceph/init", {"node": "pve-node1"})
        await it.apply(text)
        assert (await it.plan(text)).is_empty
        assert [live.fields for live in await it.lives("CephFlags")] == [{"noout": True}]
