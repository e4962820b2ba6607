"""Whether the cluster's version knows what a manifest sets, and has all that it needs to make an object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from proxmox_mpc.kinds._kind import Resource
from proxmox_mpc.kinds._schema import Schema

if TYPE_CHECKING:
    from proxmox_mpc.pve import Facts


def check_required(facts: Facts, schema: Schema, resource: Resource, path: str) -> None:
    """Whether everything is there that the API needs to make the object. Raises InvalidInput."""
    method = facts.method("POST", path)
    for name, parameter in method.parameters.items() if method is not None else ():
        leaf = schema.scalars.get(name)
        given = {**resource.fields, **resource.unknown}
        if parameter.required and leaf is not None and leaf.wire.default is None and leaf.path not in given:
            hint = f"proxmox-cli explain {resource.key.kind}.{leaf.path}"
            raise resource.invalid(f"spec.{leaf.path}", f"PVE needs it to make a {resource.key.kind}", hint)


def check_parameters(
    facts: Facts, schema: Schema, resource: Resource, names: Iterable[str], verb: str, path: str
) -> None:
    """Of these fields, those that the cluster's version does not know. Raises InvalidInput at the first one."""
    for name in names:
        leaf = schema.leaf(name)
        if leaf is not None and leaf.key and "*" not in leaf.key and facts.parameter(verb, path, leaf.key) is None:
            raise resource.invalid(f"spec.{name}", f"PVE {facts.version} has no such setting ({leaf.key})")
