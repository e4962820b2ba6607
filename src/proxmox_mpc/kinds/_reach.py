"""Which methods of the API a kind configures objects by, and which of its fields sets each parameter.

What belongs here: what coverage is counted from (`tools/generate_coverage.py`). What never does: requests themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxmox_mpc.kinds._kind import NAME
from proxmox_mpc.kinds._options import CONTROL
from proxmox_mpc.kinds._schema import OPTIONS

if TYPE_CHECKING:
    from proxmox_mpc.kinds._kind import Kind
    from proxmox_mpc.pve import Facts

__all__ = ["NAME", "REST", "Write", "reached"]

REST = "*"
"""In `Write.sets`: every parameter that nothing else sets."""


@dataclass(frozen=True)
class Write:
    """A method that configures objects of a kind.

    `sets` says what sets the parameters that no field of the spec is named for; those that a field is for need no word.
    """

    verb: str
    path: str
    sets: Mapping[str, str] = field(default_factory=dict)


def reached(kind: Kind, facts: Facts, write: Write) -> dict[str, str]:
    """The parameters of a method that a manifest can set, each with the field that does; numbered ones as `net[n]`.

    Nothing where this version has no such method. Parameters of the path are not among them.
    """
    method = facts.method(write.verb, write.path)
    found: dict[str, str] = {}
    for name in method.parameters if method is not None else ():
        if f"{{{name}}}" in write.path:
            continue
        setter = write.sets.get(name) or kind.schema.field_of(name.replace("[n]", "0")) or write.sets.get(REST)
        if (
            setter is None
            and kind.options_of
            and name not in CONTROL
            and not name.startswith("unused")
            and facts.parameter(*kind.options_of, name)
        ):
            setter = f"{OPTIONS}.{name}"
        if setter is not None:
            found[name] = setter if setter.startswith("metadata.") else f"spec.{setter}"
    return found
