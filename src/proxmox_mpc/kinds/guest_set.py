"""GuestSet: a number of guests that are alike."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._field import Part, group, verbatim
from proxmox_mpc.kinds._kept import kept, own
from proxmox_mpc.kinds._kind import API_VERSION, DEFAULT_NAMESPACE, SUMMARY, Column, Kind, Live, Resource
from proxmox_mpc.kinds._membership import Membership
from proxmox_mpc.kinds._view import View

# A doubled brace is somebody else's placeholder, such as PVE's {{guestname}}.
_PLACEHOLDER = re.compile(r"(?<!\{)\{(name|ordinal|address|cidr)\}(?!\})")
_RANGE = re.compile(r"([^\s/-]+)-([^\s/-]+)/(\d+)")
_NAMES = "{name}-{ordinal}"


class Ordinals(Part):
    """The numbers of the replicas."""

    start: int | None = own(default=0, ge=0, help="The number of the first one.")


class Vmids(Part):
    """VMIDs that follow the ordinals."""

    start: int | None = own(ge=100, help="VMID of ordinal 0; ordinal 3 has one that is 3 higher.")


class Update(Part):
    """How a change that takes guests down goes through the set."""

    max_unavailable: int | None = own(default=1, ge=1, help="How many replicas may be down for it at a time.")
    order: Literal["descending", "ascending"] | None = own(
        default="descending", help="Whose turn is first: the highest ordinal's or the lowest's."
    )


class TemplateMetadata(Part):
    """Metadata of every replica."""

    annotations: dict[str, str] | None = verbatim(help="Annotations, besides those of the set.")


class Template(Part):
    """What every replica is."""

    metadata: TemplateMetadata | None = verbatim(help="Annotations of every replica.")
    spec: dict[str, Any] = verbatim(
        help="Its spec, as of spec.kind; in its texts {ordinal}, {name} (the set's), {address}, {cidr} are filled in."
    )


class GuestSetSpec(Part):
    """A number of guests that are alike: replicas of one spec.

    What a replica's number decides, its name, VMID and address, is the same for any number of replicas.
    """

    kind: Literal["VirtualMachine", "Container"] = own(help="What the replicas are.")
    replicas: int = own(ge=0, le=1000, help="How many there are; those of the highest ordinals go first.")
    ordinals: Ordinals | None = group(help="How they are numbered.")
    names: str | None = own(
        default=_NAMES, pattern=r"\{ordinal\}", help="How they are called; {ordinal} must be in it."
    )
    vmids: Vmids | None = group(help="VMIDs that follow the ordinals; else free ones are taken.")
    ip_range: str | None = own(help="Addresses that follow the ordinals: the first is that of ordinal 0.")
    placement: Literal["spread", "binpack", "together", "apart"] | None = own(
        default="spread",
        help="Evenly over the nodes, on the fullest that fits, all on one, or never two on one.",
    )
    update: Update | None = group(help="How a change that takes guests down goes through the set.")
    template: Template = verbatim(help="What every replica is.")


def members(fields: Mapping[str, Value], name: str) -> dict[int, str]:
    """The names of a set's replicas, by ordinal."""
    start, pattern = int(str(fields.get("ordinals.start", 0))), str(fields.get("names", _NAMES))
    ordinals = range(start, start + int(str(fields["replicas"])))
    return {number: _filled(pattern, {"name": name, "ordinal": str(number)}) for number in ordinals}


def expand(resource: Resource) -> Iterator[tuple[dict[str, Any], Membership]]:
    """The manifest of every replica. Raises InvalidInput."""
    spec, fields, key = resource.spec, resource.fields, resource.key
    assert isinstance(spec, GuestSetSpec)
    names = members(fields, key.name)
    if "vmid" in spec.template.spec:
        hint = "write spec.vmids: { start: … }, for each needs one of its own"
        raise resource.invalid("spec.template.spec.vmid", "the replicas cannot all have it", hint)
    given = spec.template.metadata.annotations if spec.template.metadata else None
    annotations = {**resource.annotations, **(given or {})}
    ranks = sorted(names, reverse=fields.get("update.order", "descending") == "descending")
    for number, name in names.items():
        filled = _filled(spec.template.spec, {"name": key.name, "ordinal": str(number), **_address(resource, number)})
        if spec.vmids and spec.vmids.start is not None:
            filled["vmid"] = spec.vmids.start + number
        metadata = {"name": name, "namespace": key.namespace, "annotations": annotations}
        member = Membership(
            key,
            frozenset(names.values()),
            str(fields.get("placement", "spread")),
            int(str(fields.get("update.maxUnavailable", 1))),
            ranks.index(number),
        )
        yield {"apiVersion": API_VERSION, "kind": spec.kind, "metadata": metadata, "spec": filled}, member


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """A value with the placeholders in its texts filled; one that there is no word for stays."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {name: _filled(item, words) for name, item in value.items()}
    return [_filled(item, words) for item in value] if isinstance(value, list) else value


def _address(resource: Resource, number: int) -> dict[str, str]:
    """What an ordinal's address is, where there is a range. Raises InvalidInput."""
    text = resource.fields.get("ipRange")
    if text is None:
        return {}
    hint = "write it as 10.0.0.20-10.0.0.60/24"
    if (parts := _RANGE.fullmatch(str(text))) is None:
        raise resource.invalid("spec.ipRange", f"{text!r} is no range with a prefix", hint)
    try:
        first, last = ipaddress.ip_address(parts[1]), ipaddress.ip_address(parts[2])
        ipaddress.ip_interface(f"{first}/{parts[3]}")
    except ValueError as error:
        raise resource.invalid("spec.ipRange", str(error), hint) from None
    if int(first) + number > int(last):
        raise resource.invalid(
            "spec.ipRange", f"it ends before ordinal {number}", "lengthen it, or lower spec.replicas"
        )
    return {"address": str(first + number), "cidr": f"{first + number}/{parts[3]}"}


async def _facts(view: View, live: Live) -> dict[str, Any]:
    """How many of the replicas are there, and run."""
    wanted, kind = set(members(live.fields, live.key.name).values()), live.fields["kind"]
    rows = [
        row
        for row in await view.rows("qemu" if kind == "VirtualMachine" else "lxc")
        if row.get("name") in wanted and (row.get("pool") or DEFAULT_NAMESPACE) == live.key.namespace
    ]
    running = sum(row.get("status") == "running" for row in rows)
    told = f"{len(rows)} of {live.fields['replicas']} are there, {running} running"
    return {"present": len(rows), "running": running, SUMMARY: told}


KIND: Kind = kept(
    "GuestSet",
    "guestsets",
    ("gs", "set", "sets"),
    GuestSetSpec,
    facts=_facts,
    columns=(
        Column.name(),
        Column.of("KIND", "kind"),
        Column("REPLICAS", lambda live: live.fields["replicas"], right=True),
        Column("PRESENT", lambda live: live.facts["present"], right=True),
        Column("RUNNING", lambda live: live.facts["running"], right=True),
        Column.of("NAMES", "names", _NAMES, wide=True),
        Column.of("ADDRESSES", "ipRange", wide=True),
    ),
    namespaced=True,
    expand=expand,
    # Its replicas are written down by themselves.
    exported=lambda live: False,
    order=40,
    example="""\
apiVersion: proxmox.io/v1
kind: GuestSet
metadata: { name: web, namespace: production }
spec:
  kind: VirtualMachine
  replicas: 3
  ipRange: 10.0.0.20-10.0.0.60/24
  template:
    spec:
      template: debian-12-template
      memory: 2048
      cloudInit: { ipConfig: [{ ip: "{cidr}", gateway: 10.0.0.1 }] }
      state: running
""",
)
