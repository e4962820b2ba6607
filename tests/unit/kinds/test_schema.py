"""The conversions that every kind rests on: written ↔ canonical ↔ wire, over generated specs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.engine import manifests
from proxmox_mpc.kinds import all_kinds, find_kind
from proxmox_mpc.kinds._codec import bytes_of, option_text, parse_property_string, property_string, size_text
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.pve import Facts
from tests.unit.kinds import specs

# What is allocated where it is not there yet, so that it reads otherwise than it was written.
VOLUMES = ("disks.", "efiDisk.", "tpm.", "cloudInit.storage", "cloudInit.slot")
VM, CT = find_kind("vm"), find_kind("ct")


def flat(schema: Schema, spec: dict[str, Any]) -> dict[str, Any]:
    return schema.flatten(schema.model.model_validate(spec))[0]


@given(specs.vm)
def test_what_is_written_survives_the_way_to_a_manifest_and_back(spec: dict[str, Any]) -> None:
    fields = flat(VM.schema, spec)
    assert flat(VM.schema, VM.schema.nest(fields, slim=False)) == fields


@given(specs.vm)
def test_a_slim_manifest_means_the_same(spec: dict[str, Any]) -> None:
    fields = flat(VM.schema, spec)
    again = flat(VM.schema, VM.schema.nest(fields))
    quiet = {p for p in fields if (leaf := VM.schema.leaf(p)) is not None and leaf.wire.quiet}
    assert {p: v for p, v in again.items() if fields.get(p) != v} == {}
    for path in fields.keys() - again.keys() - quiet:
        assert fields[path] == VM.schema.default(path)


@given(specs.vm)
def test_the_wire_form_reads_back_as_it_was_written(spec: dict[str, Any]) -> None:
    fields = {p: v for p, v in flat(VM.schema, spec).items() if not p.startswith(VOLUMES)}
    read = VM.schema.decode(VM.schema.encode(fields))
    assert {p: read.get(p) for p, v in fields.items() if v not in ([], "")} == {
        p: v for p, v in fields.items() if v not in ([], "")
    }
    assert {p.rpartition(".")[2] for p in read.keys() - fields.keys()} <= {"model"}, "a network card always has a model"


@given(specs.container)
def test_a_container_survives_the_way_to_a_manifest_and_back(spec: dict[str, Any]) -> None:
    fields = flat(CT.schema, spec)
    assert flat(CT.schema, CT.schema.nest(fields, slim=False)) == fields


@given(st.integers(1, 1 << 50))
def test_sizes_are_written_exactly(size: int) -> None:
    assert bytes_of(size_text(size)) == size


@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True), st.from_regex(r"[\w./:-]{1,9}", fullmatch=True))
)
def test_property_strings_read_back(parts: dict[str, str]) -> None:
    assert parse_property_string(property_string(parts)) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("source=/dev/urandom,max_bytes=1024", "max_bytes=1024,source=/dev/urandom"),
        (True, "1"),
        (" x ", "x"),
    ],
)
def test_raw_options_are_compared_by_meaning(one: object, other: object) -> None:
    assert option_text(one) == option_text(other)


@pytest.mark.parametrize(
    ("config", "spec"),
    [
        (
            {"net0": "virtio=bc:24:11:00:00:01,bridge=vmbr0"},
            {"networks": [{"slot": "net0", "mac": "BC:24:11:00:00:01"}]},
        ),
        (
            {"net0": "model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0"},
            {"networks": [{"slot": "net0", "model": "virtio"}]},
        ),
        ({"agent": "enabled=1"}, {"agent": True}),
        ({"agent": "1"}, {"agent": {"enabled": True}}),
        ({"memory": "4096"}, {"memory": "4G"}),
        ({"tags": "Zeta,alpha;beta beta"}, {"tags": ["alpha", "beta", "zeta"]}),
        (
            {"scsi0": "a:vm-1-disk-0,size=32G,discard=on"},
            {"disks": [{"slot": "scsi0", "size": "32768M", "discard": True}]},
        ),
        ({"boot": "order=scsi0;net0"}, {"bootOrder": ["scsi0", "net0"]}),
        ({"onboot": 0}, {"onboot": False}),
        ({}, {"cpu": {"cores": 1, "sockets": 1}, "memory": 512, "scsihw": "lsi"}),
        ({"startup": "order=2"}, {"startup": 2}),
        ({"description": "a\nb\n"}, {"description": "a\nb"}),
        ({"cpulimit": "2"}, {"cpu": {"limit": 2.0}}),
    ],
)
def test_the_same_thing_said_differently_is_no_difference(config: dict[str, Any], spec: dict[str, Any]) -> None:
    assert list(VM.schema.differences(VM.schema.decode(config), flat(VM.schema, spec))) == []


def test_a_disk_that_is_passed_through_keeps_its_path() -> None:
    fields = VM.schema.decode({"scsi1": "/dev/disk/by-id/ata-X=1,size=4G"})
    assert fields["disks.scsi1.path"] == "/dev/disk/by-id/ata-X=1"
    assert VM.schema.encode(fields)["scsi1"].startswith("/dev/disk/by-id/ata-X=1,")


def test_changing_one_part_keeps_the_others() -> None:
    fields = VM.schema.decode({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,queues=4,rate=10"})
    fields["networks.net0.bridge"] = "vmbr1"
    assert VM.schema.encode(fields)["net0"] == "virtio=BC:24:11:00:00:01,bridge=vmbr1,rate=10,queues=4"


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_every_field_says_what_it_is(kind: Any) -> None:
    for leaf in kind.schema.leaves.values():
        assert leaf.info.description, leaf.path
        assert isinstance(leaf.wire.impact, Impact)
        if leaf.wire.default is not None:
            assert kind.schema.show(leaf.path, leaf.wire.default) is not None


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_every_example_is_a_manifest(kind: Any) -> None:
    """`explain` shows it, and people copy it."""
    resource, *_ = manifests.resources(manifests.documents([manifests.Text("example", kind.example)]), find_kind)
    assert resource.key.kind == kind.name


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_every_wire_name_is_known_to_the_api(kind: Any) -> None:
    """A field that names a parameter which no version has would never reach the cluster."""
    tables = [Facts.load(version) for version in ("9.1", "8.4")]
    methods = [table.method(write.verb, write.path) for write in kind.driver.writes() for table in tables]
    known = {name for method in methods if method is not None for name in method.parameters}
    set_by_hand = {field for write in kind.driver.writes() for field in write.sets.values()}
    own = {leaf.key for path, leaf in kind.schema.leaves.items() if path not in set_by_hand} - {"", "*"}
    assert own - known == set()
