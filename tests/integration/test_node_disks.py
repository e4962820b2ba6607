"""Disks of a node: every type is built and taken away; nothing that holds data is taken."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds._field import Impact
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

SPARE = [{"name": f"sd{letter}", "size": 10**12} for letter in "bcde"]
NODE: dict[str, Any] = {"name": "pve1", "disks": SPARE}


def text(spec: dict[str, Any], name: str = "pve1/data") -> str:
    return yaml.safe_dump(manifest("NodeDisk", name, spec))


async def used(it: Lab) -> set[str]:
    rows = await it.pve.get("/nodes/{node}/disks/list", {"node": "pve1", "include-partitions": "1"})
    return {row["devpath"] for row in rows if row.get("used")}


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "directory", "device": "/dev/sdb", "filesystem": "xfs"},
        {"type": "lvm", "device": "/dev/sdb"},
        {"type": "lvmthin", "device": "/dev/sdb"},
        {"type": "zfs", "devices": ["/dev/sdb"], "raidlevel": "single"},
        {"type": "zfs", "devices": ["/dev/sdb", "/dev/sdc", "/dev/sdd", "/dev/sde"], "raidlevel": "raid10"},
        {
            "type": "zfs",
            "devices": ["/dev/sdb", "/dev/sdc", "/dev/sdd"],
            "raidlevel": "draid",
            "draid": {"data": 1, "spares": 1},
        },
    ],
    ids=lambda spec: str(spec.get("raidlevel", spec["type"])),
)
@pytest.mark.parametrize("wipe", [True, False])
async def test_it_is_built_found_and_taken_away_with_its_storage(spec: dict[str, Any], wipe: bool) -> None:
    async with lab(preset="empty", seed={"nodes": [NODE]}) as it:
        wanted = text({**spec, "addStorage": True, "wipe": wipe})
        await it.apply(wanted)
        assert (await it.plan(wanted)).is_empty
        [live] = await it.lives("NodeDisk")
        # PVE makes a partition for a directory, and tells no dRAID's layout.
        told = {path: value for path, value in spec.items() if path != "draid" and value != "/dev/sdb"}
        assert {path: live.fields[path] for path in told} == told
        assert str(live.fields.get("device", "/dev/sdb")).startswith("/dev/sdb")
        assert "data" in [row["storage"] for row in await it.pve.get("/storage")]
        await it.apply("", prune=True, allow=Impact.DATA_LOSS, most_deletions=99)
        assert await it.lives("NodeDisk") == []
        assert "data" not in [row["storage"] for row in await it.pve.get("/storage")]
        assert bool(await used(it)) is not wipe


async def test_a_disk_in_use_is_refused_before_anything_is_sent() -> None:
    async with lab(
        preset="empty", seed={"nodes": [{**NODE, "disks": [{**SPARE[0], "label": "ext4"}, SPARE[1]]}]}
    ) as it:
        for device, why in (("/dev/sdb", "is in use"), ("/dev/sdx", "has no disk")):
            with pytest.raises(InvalidInput, match=why) as said:
                await it.plan(text({"type": "lvm", "device": device}))
            assert "/dev/sdc" in said.value.hint
        assert it.writes() == []


async def test_a_layout_is_not_changed_behind_the_data() -> None:
    async with lab(preset="empty", seed={"nodes": [NODE]}) as it:
        await it.apply(text({"type": "lvm", "device": "/dev/sdb"}))
        for spec in (
            {"type": "zfs", "devices": ["/dev/sdc"], "raidlevel": "single"},
            {"type": "lvm", "device": "/dev/sdc"},
        ):
            with pytest.raises(InvalidInput, match="cannot be changed once it is built"):
                await it.plan(text(spec), allow=Impact.DATA_LOSS)


async def test_what_the_installer_made_is_nobody_s_to_declare() -> None:
    """Its thin pool `data` stands in the way of no pool of that name, and is not taken for one."""
    zfs = "apiVersion: proxmox.io/v1\nkind: NodeDisk\nmetadata: { name: pve-node1/data }\n"
    zfs += "spec: { type: zfs, devices: [/dev/sdb], raidlevel: single }\n"
    async with lab() as it:
        assert await it.lives("NodeDisk") == []
        plan = await it.apply(zfs)
        assert [(step.key.name, step.action.value) for step in plan.work] == [("pve-node1/data", "create")]
        assert [live.fields["type"] for live in await it.lives("NodeDisk")] == ["zfs"]
