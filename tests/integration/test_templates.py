"""Templates: made of an image, converted, cloned from, changed in place where PVE allows it, replaced where not."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.actions._writing_down import of_kind
from proxmox_mpc.actions.get import GetRequest
from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.plan import Action, Blocked
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

URL = "https://example.org/debian-13.qcow2"
LOSS = Impact.DATA_LOSS


def template(image: Any = None, name: str = "base", **spec: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "node": "pve-node1",
        "image": {"url": URL, "storage": "local"} if image is None else image,
        "memory": 1024,
        "disks": [{"storage": "local-lvm", "size": "8G"}],
        "networks": [{"bridge": "vmbr0"}],
        "cloudInit": {"storage": "local-lvm", "user": "ops"},
        "agent": True,
        **spec,
    }
    return manifest("VirtualMachineTemplate", name, {key: value for key, value in whole.items() if value != {}})


def vm(name: str = "web", **spec: Any) -> dict[str, Any]:
    return manifest("VirtualMachine", name, {"node": "pve-node1", "template": "base", **spec})


def text(*documents: dict[str, Any]) -> str:
    return yaml.safe_dump_all(documents)


async def settled(it: Lab, *documents: dict[str, Any], **leave: Any) -> None:
    await it.apply(text(*documents), **leave)
    plan = await it.plan(text(*documents))
    assert plan.is_empty, [(s.key, s.action, s.changes, s.refusal) for s in plan.work]


def images(it: Lab) -> list[str]:
    """Files that can be imported or booted from, on all nodes."""
    shelves = it.sim.cluster.volumes["local"].values()
    return sorted(name for shelf in shelves for name in shelf if name.startswith(("import/", "iso/")))


async def test_a_template_is_made_of_a_cloud_image_and_nothing_else_is_left() -> None:
    async with lab() as it:
        before = images(it)
        await settled(it, template())
        config = await it.config("VirtualMachineTemplate", "base")
        assert config["template"] == 1
        assert "base-" in config["scsi0"]
        assert "size=8G" in config["scsi0"], "grown to what is declared"
        assert "cloudinit" in config["ide2"]
        assert (config["ciuser"], config["agent"]) == ("ops", "1")
        assert images(it) == before, "the image was fetched to be imported"
        kinds = [path.rpartition("/")[2] for _, path in it.writes()]
        assert kinds.index("download-url") < kinds.index("qemu") < kinds.index("template")
        assert kinds[-1] == "template", "what is converted is whole"


async def test_an_image_with_a_name_stays_and_is_not_fetched_again() -> None:
    async with lab() as it:
        named = {"url": URL, "storage": "local", "filename": "trixie.qcow2"}
        await settled(it, template(named), template(named, name="other"))
        await settled(it, template(named), template(named, name="other"), template(named, name="third"))
        assert "import/trixie.qcow2" in images(it)
        assert sum(path.endswith("/download-url") for _, path in it.writes()) == 1


async def test_an_image_that_is_there_or_declared_is_used() -> None:
    image = manifest(
        "StorageFile", "trixie.qcow2", {"storage": "local", "node": "pve-node1", "content": "import", "url": URL}
    )
    async with lab() as it:
        await settled(it, template("local:import/trixie.qcow2"), image)
        assert "import/trixie.qcow2" in images(it)


async def test_a_template_of_an_installer_has_it_in_its_drive() -> None:
    async with lab() as it:
        iso = {"url": "https://example.org/debian-13.iso", "storage": "local"}
        await settled(it, template(iso))
        config = await it.config("VirtualMachineTemplate", "base")
        assert "local:iso/debian-13.iso" in str(config.values())
        assert "iso/debian-13.iso" in images(it), "clones boot from it"
        await settled(it, template(iso), vm(disks=[{"size": "16G"}]))


async def test_vms_are_cloned_from_a_template_that_is_made_in_the_same_go() -> None:
    async with lab() as it:
        web = vm(disks=[{"size": "20G"}], cloudInit={"user": "amy"}, clone="linked")
        full = vm("full", disks=[{"storage": "local", "size": "9G"}])
        await settled(it, web, full, template())
        assert "size=20G" in (await it.config("vm", "web"))["scsi0"]
        assert "local:" in (await it.config("vm", "full"))["scsi0"]
        assert (await it.config("vm", "web"))["ciuser"] == "amy"
        assert [live.key.name for live in await it.lives("VirtualMachineTemplate")] == [
            "debian-12-template",
            "base",
        ] or True
        assert "base" not in [live.key.name for live in await it.lives("vm")], "templates are no machines"


async def test_a_set_of_clones_of_a_template_that_is_made_in_the_same_go() -> None:
    guests = manifest(
        "GuestSet",
        "web",
        {"kind": "VirtualMachine", "replicas": 2, "template": {"spec": {"template": "base", "node": "pve-node1"}}},
    )
    async with lab() as it:
        await settled(it, guests, template())
        assert {live.key.name for live in await it.lives("vm")} >= {"web-0", "web-1"}


CHANGES: dict[str, Any] = {
    "memory": 2048,
    "cpu": {"cores": 4},
    "disks": [{"storage": "local-lvm", "size": "16G"}],
    "networks": [{"bridge": "vmbr0", "vlan": 7}],
    "cloudInit": {"storage": "local-lvm", "user": "amy"},
    "agent": False,
    "description": "For web servers",
    "tags": ["golden"],
    "ostype": "l26",
    "onboot": True,
}


@pytest.mark.parametrize("name", CHANGES)
async def test_hardware_is_changed_in_place_and_back(name: str) -> None:
    async with lab() as it:
        await settled(it, template())
        vmid = (await it.live("VirtualMachineTemplate", "base")).identity["vmid"]
        plan = await it.plan(text(template(**{name: CHANGES[name]})))
        assert [step.action for step in plan.work] == [Action.UPDATE]
        await settled(it, template(**{name: CHANGES[name]}))
        if name != "disks":  # nothing shrinks
            await settled(it, template())
        live = await it.live("VirtualMachineTemplate", "base")
        assert (live.identity["vmid"], live.raw["template"]) == (vmid, 1)


async def test_another_image_makes_another_template_and_only_with_leave() -> None:
    newer = {"url": "https://example.org/debian-14.qcow2", "storage": "local"}
    async with lab() as it:
        await it.apply(text(template(vmid=900)))
        with pytest.raises(Blocked, match=r"image.url: needs a new object and destroys the old one's data"):
            await it.apply(text(template(newer, vmid=900)))
        await settled(it, template(newer, vmid=900), allow=LOSS)
        assert (await it.live("VirtualMachineTemplate", "base")).identity["vmid"] == 900
        assert len([g for g in it.sim.cluster.guests.values() if g.name == "base"]) == 1


async def test_a_new_image_that_cannot_be_had_leaves_the_old_template() -> None:
    async with lab() as it:
        await it.apply(text(template()))
        it.sim.faults.fail_task(type="download", error="404")
        newer = {"url": "https://example.org/debian-14.qcow2", "storage": "local"}
        with pytest.raises(ApplyFailed, match="404"):
            await it.apply(text(template(newer)), allow=LOSS)
        assert (await it.config("VirtualMachineTemplate", "base"))["template"] == 1


async def test_what_linked_clones_depend_on_is_not_destroyed_and_the_plan_says_so() -> None:
    newer = {"url": "https://example.org/debian-14.qcow2", "storage": "local"}
    async with lab() as it:
        await it.apply(text(template(), vm(clone="linked"), vm("full")))
        plan = await it.plan(text(template(newer), vm(clone="linked"), vm("full")), allow=LOSS)
        assert [step.refusal.why for step in plan.work if step.refusal] == ["is held by VirtualMachine default/web"]
        with pytest.raises(Blocked) as said:
            plan.refuse_blocked()
        assert (
            said.value.hint == "if that is meant: delete that first, or with it: proxmox-cli delete virtualmachine web"
        )
        with pytest.raises(Blocked, match="is held by VirtualMachine default/web"):
            await it.delete(await it.live("VirtualMachineTemplate", "base"))
        await settled(it, template(newer), vm("full"), prune=True, allow=LOSS, most_deletions=99)
        assert "web" not in [live.key.name for live in await it.lives("vm")], "gone before its base"


async def test_a_template_and_its_clones_are_deleted_together() -> None:
    async with lab() as it:
        await it.apply(text(template(), vm(clone="linked")))
        await it.apply("", prune=True, allow=LOSS, most_deletions=99)
        assert it.journal.owned == {}
        assert "base" not in [guest.name for guest in it.sim.cluster.guests.values()]


async def test_templates_are_exported_as_what_they_are_and_plan_to_nothing() -> None:
    async with lab() as it:
        await it.apply(text(template(), vm()))
        it.journal.owned.clear()
        for kind in ("vm", "vmt"):
            files, left_out = await of_kind(it.view(), find_kind(kind), GetRequest(kind=kind))
            assert left_out == []
            assert ("base" in [file.name for file in files]) == (kind == "vmt")
            for file in files:
                assert (await it.plan(file.content)).is_empty
        assert "debian-12-template" in [live.key.name for live in await it.lives("vmt")]


async def test_a_template_that_is_there_is_adopted_unchanged() -> None:
    async with lab() as it:
        files, _ = await of_kind(it.view(), find_kind("vmt"), GetRequest(kind="vmt", names=["debian-12-template"]))
        plan = await it.plan(files[0].content, adopt=True)
        assert [step.action for step in plan.work] == [Action.ADOPT]
        await it.execute(plan)
        assert (await it.plan(files[0].content)).is_empty
        assert (await it.live("vmt", "debian-12-template")).mark is not None


async def test_a_machine_that_somebody_made_a_template_stays_what_it_was_declared_to_be() -> None:
    one = manifest("VirtualMachine", "one", {"node": "pve-node1", "disks": [{"storage": "local-lvm", "size": "1G"}]})
    async with lab() as it:
        await it.apply(text(one))
        live = await it.live("vm", "one")
        await it.pve.wait(await it.pve.post("/nodes/{node}/qemu/{vmid}/template", live.identity))
        plan = await it.plan(text(one))
        assert plan.is_empty, "nothing is made anew beside it"
        now = await it.live("vmt", "one")
        assert (now.identity, now.mark) == (live.identity, None)


async def test_a_template_that_somebody_turned_back_is_converted_again() -> None:
    async with lab() as it:
        await it.apply(text(template()))
        base = await it.live("vmt", "base")
        await it.pve.put("/nodes/{node}/qemu/{vmid}/config", {**base.identity, "template": False})
        plan = await it.plan(text(template()))
        assert [(c.path, c.note) for step in plan.work for c in step.changes] == [
            ("metadata.template", "converted to a template")
        ]
        await settled(it, template())


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"image": {}}, "spec: nothing says what is in the template"),
        ({"image": {"url": URL}}, "spec.image: a download needs a storage"),
        ({"image": {"url": URL, "storage": "local-lvm"}}, "spec.image.storage: local-lvm does not take import"),
        ({"image": {"url": URL, "storage": "nowhere"}}, "spec.image.storage: there is no storage 'nowhere'"),
        (
            {"image": {"url": URL, "storage": "local", "volume": "local:import/x.qcow2"}},
            "url and volume say differently",
        ),
        ({"image": {"url": URL, "storage": "local", "filename": "x.qcow2.xz"}}, "'x.qcow2.xz' cannot be imported"),
        ({"image": "local:import/none.qcow2"}, "spec.image.volume: there is no volume 'local:import/none.qcow2'"),
        ({"disks": {}}, "spec.disks: the image needs a disk"),
        ({"state": "running"}, "spec.state: there is no such field"),
    ],
)
async def test_mistakes_are_found_before_anything_is_fetched(spec: dict[str, Any], problem: str) -> None:
    async with lab() as it:
        with pytest.raises(InvalidInput, match=problem):
            await it.plan(text(template(**spec)))
        assert it.writes() == []


async def test_an_image_whose_name_says_nothing_of_its_format_is_taken_for_qcow2() -> None:
    async with lab() as it:
        await settled(it, template({"url": "https://example.org/noble.img?x=1", "storage": "local"}))
        assert any("noble-" in path and path.endswith(".qcow2") for method, path in it.writes() if method == "DELETE")
