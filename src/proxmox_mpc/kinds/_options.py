"""Whether `spec.options` and what a manifest makes of itself are things that the API takes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from proxmox_mpc.kinds._kind import Kind, Resource
from proxmox_mpc.kinds._schema import OPTIONS

if TYPE_CHECKING:
    from proxmox_mpc.errors import MpcError
    from proxmox_mpc.pve import Facts

VERSIONS = ("9.1", "8.4")
# Parameters that tell the API what to do, and are no configuration.
CONTROL = frozenset(
    "node vmid digest delete revert skiplock force background_delay import-working-storage archive start unique "
    "live-restore bwlimit restore ignore-unpack-errors pool template lock name hostname parent storage type".split()
)


def check_options(kind: Kind, resource: Resource, tables: list[Facts] | None = None) -> Iterator[MpcError]:
    """Mistakes in `spec.options`: parameters that there are not, or that have a field of their own.

    `tables` are the API versions to hold them against; without a cluster any known version's parameter is good.
    """
    yield from _parts(kind, resource)
    names = [path.partition(".")[2] for path in resource.fields if path.startswith(f"{OPTIONS}.")]
    if not names or not kind.options_of:
        return
    from proxmox_mpc.pve import Facts

    verb, template = kind.options_of
    for name in names:
        path = f"spec.{OPTIONS}.{name}"
        if name in CONTROL or name.startswith("unused"):
            yield resource.invalid(path, f"{name} is no setting of a {kind.name}", "options are config keys of PVE")
        elif (field := kind.schema.field_of(name)) is not None:
            yield resource.invalid(path, f"{name} has a field of its own", f"write spec.{field}")
        elif not any(t.parameter(verb, template, name) for t in tables or [Facts.load(v) for v in VERSIONS]):
            known = {p for t in tables or [Facts.load(VERSIONS[0])] for p in _parameters(t, verb, template)}
            close = difflib.get_close_matches(name, known, n=1)
            versions = f"PVE {' or '.join(t.version for t in tables)}" if tables else "PVE"
            hint = f"did you mean {close[0]}?" if close else "options are named as in PVE's API"
            yield resource.invalid(path, f"{versions} has no {kind.name} option {name!r}", hint)


def _parts(kind: Kind, resource: Resource) -> Iterator[MpcError]:
    """Parts of property strings that have a field of their own."""
    for path in resource.fields:
        home, inside, part = path.rpartition(f".{OPTIONS}.")
        if inside and (field := kind.schema.field_of_part(home, part)) is not None:
            yield resource.invalid(f"spec.{path}", f"{part} has a field of its own", f"write spec.{field}")


def _parameters(table: Facts, verb: str, template: str) -> list[str]:
    method = table.method(verb, template)
    return list(method.parameters) if method else []
