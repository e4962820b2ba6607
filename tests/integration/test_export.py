"""What lives, written down, plans to nothing: on a cluster with something of everything."""

from __future__ import annotations

import pytest

from proxmox_mpc.actions._writing_down import of_kind, write_down
from proxmox_mpc.actions.get import GetRequest
from proxmox_mpc.kinds import all_kinds, find_kind
from tests.lab import Lab, lab
from tests.rich import RICH, SECRET


async def exported(it: Lab) -> dict[str, str]:
    view = it.view()
    found: dict[str, str] = {}
    for kind in all_kinds():
        files, why = await of_kind(view, kind, GetRequest(kind=kind.name))
        assert not why, (kind.name, why)
        found |= {file.path: file.content for file in files}
    return found


@pytest.fixture
async def rich() -> object:
    async with lab(seed=RICH, guests=6) as it:
        yield it


async def test_what_was_exported_plans_to_nothing(rich: Lab) -> None:
    texts = await exported(rich)
    plan = await rich.plan("---\n".join(texts.values()))
    assert plan.is_empty, [(str(step.key), step.action, step.refusal, step.changes) for step in plan.work]
    assert len({path.split("/")[1] for path in texts}) >= 25, sorted(texts)


async def test_two_exports_are_the_same_to_the_byte_and_hold_no_secret(rich: Lab) -> None:
    texts = await exported(rich)
    assert list((await exported(rich)).items()) == list(texts.items())
    assert SECRET not in "".join(texts.values()).replace(f"me:{SECRET}@proxy", "")


async def test_what_every_cluster_has_is_not_written_down() -> None:
    async with lab(preset="empty") as it:
        paths = sorted(await exported(it))
    assert [path for path in paths if "/users/" in path or "/realms/" in path or "/notification" in path] == []


async def test_guests_of_one_name_are_named_and_the_rest_is_written_down() -> None:
    twins = [{"vmid": vmid, "type": "qemu", "node": "pve-node1", "config": {"name": "same"}} for vmid in (101, 102)]
    async with lab(seed={"guests": twins}) as it:
        files, left_out = await of_kind(it.view(), find_kind("vm"), GetRequest(kind="vm"))
    assert left_out == [
        "VirtualMachine default/same: 2 objects have this name (101 pve-node1, 102 pve-node1); rename all but one"
    ]
    assert files == []


async def test_an_entry_that_has_no_name_on_the_cluster_is_called_as_its_manifest_did() -> None:
    head = "apiVersion: proxmox.io/v1\nkind: ACL\nmetadata: { name: watchers }\n"
    async with lab() as it:
        await it.apply(f"{head}spec: {{ path: /, user: root@pam, role: PVEAuditor }}\n")
        files, _ = await of_kind(it.view(), find_kind("acl"), GetRequest(kind="acl"))
        assert [file.name for file in files] == ["watchers"]
        it.journal.owned.clear()
        files, _ = await of_kind(it.view(), find_kind("acl"), GetRequest(kind="acl"))
        assert [file.name for file in files] == ["root.root@pam.PVEAuditor"]


async def test_files_of_names_that_a_path_cannot_tell_apart_are_apart() -> None:
    requests = [{"method": "POST", "path": "/pools", "params": {"poolid": name}} for name in ("a", "a/b", "a-b", "A-B")]
    async with lab(seed={"requests": requests}) as it:
        files, _ = await write_down(it.view(), ["pool"])
    paths = {file.path.lower() for file in files}
    assert len(paths) == len(files) == 4


async def test_a_storage_names_only_secrets_that_its_type_has() -> None:
    requests = [
        {"method": "POST", "path": "/storage", "params": {"storage": name, "disable": "1", **params}}
        for name, params in (
            ("blocks", {"type": "rbd", "pool": "rbd", "username": "admin", "monhost": "10.0.0.1", "keyring": "k"}),
            ("share", {"type": "cifs", "server": "10.0.0.9", "share": "x", "username": "u", "password": "p"}),
        )
    ]
    async with lab(seed={"requests": requests}) as it:
        files, _ = await write_down(it.view(), ["storage"])
    named = {file.name: file.secrets for file in files if file.secrets}
    assert named == {"blocks": ["storage-blocks-keyring"], "share": ["storage-share-password"]}
