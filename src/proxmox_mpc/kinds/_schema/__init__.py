"""A spec model, read as a table: every field's path, wire name, codec, default and cost.

From this one table come the four conversions that every kind needs, none of which knows a kind:

- `flatten`: a written spec → canonical fields by path (`disks.scsi0.size`);
- `nest`: canonical fields → a spec as a person would write it;
- `decode`: a configuration as the API answers it → canonical fields;
- `encode`: canonical fields → parameters as the API takes them.

`nest(decode(config))` flattened again equals `decode(config)`: that is why an export plans to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._schema import wire, written
from proxmox_mpc.kinds._schema.table import EMPTY, HIDDEN, OPTIONS, Leaf, Strand, Table, model_of, natural

__all__ = ["EMPTY", "HIDDEN", "OPTIONS", "Leaf", "Schema", "Strand", "model_of", "natural"]


class Schema(Table):
    """The table of one spec model, with its four conversions."""

    def flatten(self, spec: BaseModel) -> tuple[Fields, dict[str, str]]:
        """Canonical fields of a spec, and apart from them the secrets in it, by path."""
        return written.flatten(self, spec)

    def nest(self, fields: Mapping[str, Value], *, slim: bool = True) -> dict[str, Any]:
        """A spec as a person would write it; `slim` leaves out defaults and what only the cluster decides."""
        return written.nest(self, fields, slim=slim)

    def decode(self, config: Mapping[str, Any]) -> Fields:
        """Canonical fields of a configuration as the API answers it; nothing that it holds is dropped."""
        return wire.decode(self, config)

    def encode(self, fields: Mapping[str, Value], secrets: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Parameters that hold these fields, as the API takes them; fields that are not the API's are left out."""
        return wire.encode(self, fields, secrets)
