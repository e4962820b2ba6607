"""Wire ↔ canonical: a configuration as the API has it, and the flat fields in which everything is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._schema.table import EMPTY, HIDDEN, OPTIONS, Strand, Table


def decode(table: Table, config: Mapping[str, Any]) -> Fields:
    """Canonical fields of a configuration as the API answers it; nothing that it holds is dropped."""
    fields: Fields = {}
    for key, raw in config.items():
        if key in table.ignored or raw is None:
            continue
        if (leaf := table.scalars.get(key)) is not None:
            fields[leaf.path] = HIDDEN if leaf.wire.secret else leaf.codec.read(raw)
        elif key in table.shared:
            _decode_parts(
                table,
                _codec.parts_of(raw, table.shared[key][0].part),
                table.shared[key],
                "",
                fields,
            )
        elif (found := _strand_of(table, key, raw)) is not None:
            strand, slot = found
            parts = _codec.parts_of(raw, strand.group.default_part)
            if strand.group.read:
                parts = strand.group.read(parts)
            _decode_parts(table, parts, strand.leaves, strand.at(slot), fields)
        else:
            fields[f"{OPTIONS}.{key}"] = _codec.raw_text(raw)
    return fields


def _strand_of(table: Table, key: str, raw: object) -> tuple[Strand, str] | None:
    for strand in table.strands:
        slot = strand.slot_of(key)
        if slot is None:
            continue
        if strand.group.claims is None:
            return strand, slot
        if strand.group.claims(_codec.parts_of(raw, strand.group.default_part)):
            return strand, slot
    return None


def _decode_parts(table: Table, parts: dict[str, str], leaves: Any, base: str, fields: Fields) -> None:
    by_part = {name: leaf for leaf in leaves for name in (leaf.part, *leaf.wire.aliases)}
    home = base or by_part[next(iter(by_part))].path.rpartition(".")[0]
    for part, text in parts.items():
        leaf = by_part.get(part)
        if leaf is None:
            fields[f"{home}.{OPTIONS}.{part}"] = text
        else:
            inner = leaf.path.split(".*.")[-1] if "*" in leaf.path else leaf.path
            fields[f"{base}.{inner}" if "*" in leaf.path else inner] = (
                HIDDEN if leaf.wire.secret else leaf.codec.read(text)
            )


def encode(table: Table, fields: Mapping[str, Value], secrets: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Parameters that hold these fields, as the API takes them; fields that are not the API's are left out."""
    params: dict[str, Any] = {}
    strings: dict[tuple[str, str], dict[str, str]] = {}
    everything: dict[str, Value] = {p: v for p, v in {**fields, **(secrets or {})}.items() if v not in EMPTY}
    for path in table.ordered(everything):
        value = everything[path]
        if (strand := table.strand_of(path)) is not None:
            rest = path[len(strand.path) + 1 :]
            slot, _, inner = rest.partition(".") if strand.is_list else ("", "", rest)
            leaf = table.leaf(path)
            part = leaf.part if leaf else inner.removeprefix(f"{OPTIONS}.")
            if part:
                text = leaf.codec.write(value) if leaf else str(value)
                strings.setdefault((strand.path, slot), {})[part] = text
        elif path.startswith(f"{OPTIONS}."):
            params[path[len(OPTIONS) + 1 :]] = str(value)
        elif (leaf := table.leaf(path)) is not None:
            if leaf.part:
                strings.setdefault((leaf.key, ""), {})[leaf.part] = leaf.codec.write(value)
            elif leaf.key:
                params[leaf.key] = leaf.codec.write(value)
        else:
            _encode_shared_option(table, path, str(value), strings)
    for (home, slot), parts in strings.items():
        strand = next((s for s in table.strands if s.path == home), None)
        if strand is None:
            params[home] = _codec.property_string(parts, table.shared[home][0].part)
            continue
        written = strand.group.write(parts) if strand.group.write else parts
        params[slot or strand.group.key] = _codec.property_string(written, strand.group.default_part)
    return params


def _encode_shared_option(table: Table, path: str, text: str, strings: dict[tuple[str, str], dict[str, str]]) -> None:
    home, _, part = path.rpartition(f".{OPTIONS}.")
    for key, leaves in table.shared.items():
        if leaves[0].path.rpartition(".")[0] == home:
            strings.setdefault((key, ""), {})[part] = text
