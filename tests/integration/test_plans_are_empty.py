"""What was applied plans to nothing, and what is live, exported, plans to nothing: over generated and real guests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from proxmox_mpc.actions._views import manifest
from proxmox_mpc.kinds import find_kind
from tests.lab import Lab
from tests.lab import lab as make_lab
from tests.unit.kinds import specs

# A spec has a hundred fields: to find the smallest one that fails takes minutes, and says little more.
GENERATED = settings(
    max_examples=settings.default.max_examples * 2 if settings.default else 60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def text_of(*documents: dict[str, Any]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)


def guest(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": "it", "namespace": "lab"}, "spec": spec}


async def export(lab: Lab, kind: str) -> list[dict[str, Any]]:
    found = find_kind(kind)
    return [manifest(found, live) for live in await lab.lives(kind)]


async def the_life_of(kind: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Made, changed, exported, forgotten by the store, deleted: and the same as what was never anything else."""
    async with make_lab(as_root=True, seed=specs.SEED) as lab:
        before = volumes(lab)
        await settled(lab, kind, first)
        await settled(lab, kind, second)
        records = dict(lab.journal.owned)
        lab.journal.owned.clear()
        exported = await lab.plan(text_of(*await export(lab, kind)))
        assert exported.is_empty, [(s.key, s.changes) for s in exported.work]
        after_loss = await lab.plan(text_of(guest(kind, second)))
        assert after_loss.is_empty, "a lost store must change nothing"
        lab.journal.owned.update(records)
        changed = await lab.live(kind, "it")
        await settled(lab, kind, {**second, "protection": False})
        await lab.delete(await lab.live(kind, "it"), *await lab.lives("pool"))
        assert not lab.journal.owned
        assert volumes(lab) == before, "a deleted guest leaves no volume behind"
    async with make_lab(as_root=True, seed=specs.SEED) as lab:
        await settled(lab, kind, second)
        alone = await lab.live(kind, "it")
    schema = find_kind(kind).schema
    for path, value in (schema.flatten(schema.model.model_validate(second))[0]).items():
        leaf = schema.leaf(path)
        if (
            leaf is not None
            and not leaf.wire.quiet
            and not leaf.wire.hint
            and (path in changed.fields or path in alone.fields)
        ):
            one, other = changed.fields.get(path), alone.fields.get(path)
            pinned = schema.same(path, one, value) and schema.same(path, other, value)
            assert pinned or schema.same(path, one, other), (path, value)


async def settled(lab: Lab, kind: str, spec: dict[str, Any]) -> None:
    await lab.apply(text_of(guest(kind, spec)), allow=7)
    again = await lab.plan(text_of(guest(kind, spec)))
    assert again.is_empty, [(s.key, s.changes) for s in again.work]


def volumes(lab: Lab) -> set[str]:
    places = ((storage, place) for storage, all in lab.sim.cluster.volumes.items() for place in all.items())
    return {f"{node} {storage}:{name}" for storage, (node, found) in places for name in found}


def not_shrinking(specs_drawn: tuple[dict[str, Any], dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Disks of the second spec are at least as large as those of the first: PVE cannot shrink them."""
    first, second = specs_drawn
    for home in ("disks", "mounts"):
        old = {item["slot"]: item["size"] for item in first.get(home, [])}
        for item in second.get(home, []):
            if item["slot"] in old and int(item["size"][:-1]) < int(old[item["slot"]][:-1]):
                item["size"] = old[item["slot"]]
    if first.get("protection"):
        second["protection"] = False  # PVE refuses to take disks from a protected guest, and so do we
    if "rootfs" in first and int(second["rootfs"]["size"][:-1]) < int(first["rootfs"]["size"][:-1]):
        second["rootfs"]["size"] = first["rootfs"]["size"]
    return first, second


@GENERATED
@given(st.tuples(specs.vm, specs.vm).map(not_shrinking))
def test_a_vm_that_was_applied_and_changed_plans_to_nothing(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    asyncio.run(the_life_of("VirtualMachine", *pair))


@GENERATED
@given(st.tuples(specs.container, specs.container).map(not_shrinking))
def test_a_container_that_was_applied_and_changed_plans_to_nothing(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    first, second = pair
    if "unprivileged" in first or "unprivileged" in second:
        second["unprivileged"] = first["unprivileged"] = first.get("unprivileged", True)
    asyncio.run(the_life_of("Container", first, second))


async def test_everything_on_a_busy_cluster_exports_to_an_empty_plan() -> None:
    async with make_lab(guests=60) as lab:
        for kind in ("vm", "vmt", "ct", "storage"):
            documents = await export(lab, kind)
            assert documents
            plan = await lab.plan(text_of(*documents))
            assert plan.is_empty, [(s.key, s.changes, s.refusal) for s in plan.work]
        assert lab.writes() == []


def real_configs(folder: Path) -> list[tuple[int, str]]:
    return [(1000 + number, path.read_text()) for number, path in enumerate(sorted(folder.glob("*.conf")))]


async def test_real_vm_configs_export_to_an_empty_plan(ground_truth: Path) -> None:
    configs = real_configs(ground_truth / "configs" / "qemu")
    guests = [{"vmid": vmid, "type": "qemu", "node": "pve-node1", "conf": text} for vmid, text in configs]
    async with make_lab(seed={"guests": guests}) as lab:
        lives = [live for kind in ("vm", "vmt") for live in await lab.lives(kind) if live.identity["vmid"] < 9000]
        assert len(lives) == len(configs) >= 100
        for live in lives:
            kind = find_kind(live.key.kind)
            document = manifest(kind, live)
            document["metadata"]["name"] = live.key.name
            document["spec"] = {**document.get("spec", {}), "vmid": live.identity["vmid"]}
            plan = await lab.plan(text_of(document))
            assert plan.is_empty, (configs[live.identity["vmid"] - 1000], [(s.changes, s.refusal) for s in plan.work])
            changes = list(kind.schema.differences(live.fields, lab.resources(text_of(document))[0].fields))
            assert changes == []


@pytest.mark.parametrize("name", ["infrastructure.yaml", "web-tier/web.yaml", "web-tier/cache.yaml"])
async def test_the_examples_apply_and_then_plan_to_nothing(lab: Lab, name: str) -> None:
    text = (Path(__file__).parents[2] / "examples" / name).read_text()
    await lab.apply(text)
    assert (await lab.plan(text)).is_empty


FIRMWARE = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: imported }
spec:
  node: pve-node1
  memory: 512
  bios: ovmf
  machine: q35
  efiDisk: { storage: local-lvm, type: 4m, preEnrolledKeys: true }
  tpm: { storage: local-lvm, version: v2.0 }
  disks: [{ storage: local-lvm, importFrom: "local:import/debian.qcow2", size: 20G, format: raw }]
  serial: [{ device: socket }]
"""


async def test_an_imported_disk_with_firmware_and_tpm_plans_to_nothing() -> None:
    image = {"node": "pve-node1", "volid": "local:import/debian.qcow2", "size": 2 << 30}
    async with make_lab(seed={"files": [image]}) as lab:
        await lab.apply(FIRMWARE)
        assert (await lab.plan(FIRMWARE)).is_empty
        config = await lab.config("vm", "imported")
        assert "size=20G" in config["scsi0"], "the imported disk is grown to what is declared"
        without = FIRMWARE.replace("  tpm: { storage: local-lvm, version: v2.0 }\n", "")
        assert (await lab.plan(without)).is_empty, "firmware and TPM state are not reset by saying nothing"


async def test_a_cloud_init_drive_goes_where_it_is_said(lab: Lab) -> None:
    bare = text_of(guest("VirtualMachine", {"node": "pve-node1"}))
    driven = text_of(
        guest("VirtualMachine", {"node": "pve-node1", "cloudInit": {"storage": "local-lvm", "slot": "ide3"}})
    )
    await lab.apply(bare)
    await lab.apply(driven)
    assert "cloudinit" in (await lab.config("vm", "it"))["ide3"]
    assert (await lab.plan(driven)).is_empty
    assert (await lab.plan(driven.replace("ide3", "ide0"))).is_empty, "a drive that is there stays where it is"


async def test_a_windows_guest_keeps_the_board_that_it_was_made_with() -> None:
    spec = {"node": "pve-node1", "ostype": "win11", "machine": {"type": "q35", "viommu": "intel"}}
    text = text_of(guest("VirtualMachine", spec))
    async with make_lab() as lab:
        await lab.apply(text)
        assert (await lab.config("vm", "it"))["machine"] == "pc-q35-10.0,viommu=intel"
        assert (await lab.plan(text)).is_empty, "a board of this sort was asked for, and of no certain age"
        assert not (await lab.plan(text.replace("q35", "pc"))).is_empty
