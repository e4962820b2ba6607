"""What must come before what."""

from __future__ import annotations

import pytest

from proxmox_mpc.engine import manifests
from proxmox_mpc.engine.order import NeedsCycle, deletion_edges, edges
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key, Resource

WEB, POOL = Key("VirtualMachine", "shop", "web"), Key("Pool", "", "shop")
NAS, IMAGE = Key("Storage", "", "nas"), Key("StorageFile", "", "tools.iso")


def resources(*specs: tuple[Key, str]) -> list[Resource]:
    documents = []
    for key, spec in specs:
        namespace = f", namespace: {key.namespace}" if key.namespace else ""
        documents.append(
            f"apiVersion: proxmox.io/v1\nkind: {key.kind}\nmetadata: {{ name: {key.name}{namespace} }}\nspec: {{ {spec} }}\n"
        )
    found = manifests.documents([manifests.Text("all.yaml", "---\n".join(documents))])
    return manifests.resources(found, find_kind)


ALL = resources(
    (WEB, 'cdrom: [{ iso: "nas:iso/tools.iso" }], disks: [{ storage: nas, size: 1G }]'),
    (IMAGE, "storage: nas, content: iso, url: https://example.org/tools.iso"),
    (NAS, "type: nfs, server: nas, export: /srv"),
    (POOL, ""),
)


def test_a_guest_comes_after_its_pool_its_storage_and_its_image() -> None:
    assert edges(ALL, find_kind) == {WEB: (POOL, NAS, IMAGE), IMAGE: (NAS,), NAS: (), POOL: ()}


def test_what_is_not_declared_here_is_not_waited_for() -> None:
    assert edges(ALL[:1], find_kind) == {WEB: ()}


def test_a_circle_is_named() -> None:
    a, b = Key("VirtualMachine", "default", "a"), Key("VirtualMachine", "default", "b")
    with pytest.raises(NeedsCycle) as refused:
        edges(resources((a, "template: b"), (b, "template: a")), find_kind)
    assert refused.value.message in (
        f"these need each other: {one} → {other} → {one}" for one, other in ((a, b), (b, a))
    )


def test_deletion_goes_the_other_way() -> None:
    before = deletion_edges([POOL, NAS, IMAGE, WEB], find_kind)
    assert before[WEB] == ()
    assert set(before[IMAGE]) == {WEB}
    assert set(before[NAS]) == {WEB, IMAGE}
    assert set(before[POOL]) == {WEB, IMAGE}
