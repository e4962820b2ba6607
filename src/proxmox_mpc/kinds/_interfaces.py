"""Interfaces of nodes wait in a file of their own until it is applied: how they are read and written, and the stage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from proxmox_mpc.kinds._collection import Collection, Row, each_node
from proxmox_mpc.kinds._field import Part, Prose, field
from proxmox_mpc.kinds._kind import Key, Run, View
from proxmox_mpc.kinds._stage import Stage

_PATH = "/nodes/{node}/network"
# Which kind declares an interface, by the type that the API shows.
KINDS = {"bridge": "Bridge", "OVSBridge": "Bridge", "bond": "Bond", "OVSBond": "Bond", "vlan": "VLAN"}
# What the API computes of an interface, or says about it.
IGNORED = frozenset(
    "address address6 netmask netmask6 method method6 families active exists priority options options6 altnames"
    " bridge_stp bridge_fd bond_miimon bridge-access bridge-learning bridge-arp-nd-suppress bridge-unicast-flood"
    " bridge-multicast-flood uplink-id vxlan-id vlan-protocol link-type digest".split()
)
_STANZA = re.compile(r"^[ +-](?:auto|iface|allow-\S+)\s+(\S+)")


class Addresses(Part):
    """What every interface can have."""

    autostart: bool | None = field("autostart", default=False, help="Bring it up with the node.")
    cidr: str | None = field("cidr", help="IPv4 address with its prefix, such as 10.0.0.11/24.")
    gateway: str | None = field("gateway", help="IPv4 default gateway; one interface of a node has it.")
    cidr6: str | None = field("cidr6", help="IPv6 address with its prefix.")
    gateway6: str | None = field("gateway6", help="IPv6 default gateway.")
    mtu: int | None = field("mtu", ge=1280, le=65520, help="Largest packet.")
    comment: Prose | None = field("comments", help="A remark in the file.")


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what is empty, and without what stood beside the list."""
    return {name: value for name, value in row.items() if value not in ("", None) and name != "changes"}


def collection(*types: str, **more: Any) -> Collection:
    """The interfaces of these types, on every node."""
    facts: dict[str, Any] = {
        "path": _PATH,
        "item": f"{_PATH}/{{iface}}",
        "key": "iface",
        "name": "{node}/{iface}",
        "scopes": each_node,
        "mine": lambda row: row.get("type") in types,
        # An address that is not sent again is taken off (facts-objects.md 7), so everything is sent.
        "whole": frozenset("*"),
        "row": shown,
        "beside": "changes",
        "waits": lambda row: bool(row.get("changes")),
    }
    return Collection(**{**facts, **more})


def changed(diff: str) -> set[str]:
    """The interfaces that a difference of two interfaces files touches; `?` where a hunk does not say which."""
    found: set[str] = set()
    current = "?"
    for text in diff.splitlines():
        if text.startswith(("---", "+++")):
            continue
        if text.startswith("@@"):
            current = "?"
        elif stanza := _STANZA.match(text):
            current = stanza[1]
        if text[:1] in "+-" and text[1:].strip():
            found.add(current)
    return found


async def _waiting(node: str, view: View) -> Sequence[Key]:
    reply = await view.pve.get_with(_PATH, {"node": node})
    rows: dict[str, Row] = {row["iface"]: row for row in reply.data}
    names = changed(str(reply.extra.get("changes") or ""))
    return [Key(KINDS.get(str(rows.get(n, {}).get("type")), "Interface"), "", f"{node}/{n}") for n in sorted(names)]


async def _apply(node: str, run: Run) -> None:
    await run.call("PUT", _PATH, {"node": node}, title=f"apply the interfaces of {node}")


async def _revert(node: str, run: Run) -> None:
    await run.call("DELETE", _PATH, {"node": node}, title=f"revert the interfaces of {node}")


def stage(key: Key) -> Stage:
    """The interfaces of a node are applied together, or not at all."""
    node = key.name.partition("/")[0]
    return Stage(
        f"network:{node}",
        f"{node} → Network → Apply Configuration, or Revert",
        partial(_waiting, node),
        partial(_apply, node),
        partial(_revert, node),
    )
