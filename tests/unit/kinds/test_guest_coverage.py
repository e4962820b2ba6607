"""Every key of a guest's config, and every part of its property strings, has a field: counted against the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._options import CONTROL
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.pve import Facts, Parameter
from proxmox_mpc.simulator.formats.property_strings import PROPERTY_STRINGS

TYPES = {"vm": "qemu", "ct": "lxc"}
# What has no field of its own, and why.
NO_FIELD = {
    "bootdisk": "an old name of what boot says; PVE drops it when boot is written",
    "cdrom": "another name of ide2",
    "smp": "another name of sockets",
    "unused[n]": "volumes that were detached; PVE writes it",
    "bwlimit": "of the request, not of the guest",
    "ha-managed": "HAResource declares it",
    "ostemplate": "spec.ostemplate, sent at creation",
    "revert": "of the request, not of the guest",
}
# Parts that the volume, the boot order, the texts of SMBIOS and the memory are written with.
WRITTEN = {"file", "volume", "media", "current", "order", "legacy", "base64"}
GEOMETRY = {"cyls", "heads", "secs", "trans"}
"""Of disks in 8.4, and gone in 9: by `options` of the disk."""


def keys(version: str, guest: str) -> dict[str, Parameter]:
    facts, path = Facts.load(version), f"/nodes/{{node}}/{guest}"
    methods = (facts.method("POST", path), facts.method("PUT", f"{path}/{{vmid}}/config"))
    return {name: parameter for method in methods if method for name, parameter in method.parameters.items()}


def parts_without_field(schema: Schema, name: str, parameter: Parameter) -> Iterator[str]:
    key = name.replace("[n]", "0")
    homes = [strand.at(slot) for strand in schema.strands if (slot := strand.slot_of(key)) is not None]
    if not homes and (field := schema.field_of(key)) is not None:
        homes = [field.rpartition(".")[0]]
    for part in parameter.parts or PROPERTY_STRINGS.get(parameter.format, {}):
        is_model = part in parameter.parts and bool(parameter.parts[part].key_alias)
        if part not in WRITTEN and not is_model and not any(schema.field_of_part(home, part) for home in homes):
            yield part


@pytest.mark.parametrize("version", ["9.1", "8.4"])
@pytest.mark.parametrize("word", TYPES)
def test_every_key_and_every_part_has_a_field(word: str, version: str) -> None:
    schema = find_kind(word).schema
    known = keys(version, TYPES[word])
    without = {name for name in known if schema.field_of(name.replace("[n]", "0")) is None}
    assert without - CONTROL <= NO_FIELD.keys()
    parts = {part for name in known.keys() - without for part in parts_without_field(schema, name, known[name])}
    assert parts <= (GEOMETRY if version == "8.4" else set())
