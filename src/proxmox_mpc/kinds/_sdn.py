"""Virtual networks wait in a configuration of their own until it is applied: how they are read, and their stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._collection import Collection, Row, Scope
from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._stage import Stage
from proxmox_mpc.kinds._view import View

_SDN = "/cluster/sdn"
_NODES = f"{_SDN}/fabrics/node"
_FABRICS = {"SDNFabric": (f"{_SDN}/fabrics/fabric", "{id}"), "SDNFabricNode": (_NODES, "{fabric_id}/{node_id}")}
# What the API computes or says about the configuration, and is none of it.
IGNORED = frozenset({"state", "pending", "digest", "waits"})


def as_configured(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the pending view as it will be: what waits, over what runs."""
    waiting = row.get("pending") or {}
    merged = {**row, **waiting}
    return {name: value for name, value in merged.items() if value not in ("deleted", None) and name not in IGNORED}


def collection(plural: str, word: str, **more: Any) -> Collection:
    """A collection of SDN objects, read as it will be."""
    path = f"{_SDN}/{plural}"
    facts: dict[str, Any] = {
        "path": path,
        "item": f"{path}/{{{word}}}",
        "key": word,
        "query": {"pending": "1"},
        "row": as_configured,
        "waits": lambda row: bool(row.get("state")),
        "mine": lambda row: row.get("state") != "deleted",
    }
    return Collection(**{**facts, **more})


async def each_vnet(view: View) -> Sequence[Scope]:
    """One list of subnets per network, as configured."""
    rows = await view.once(f"{_SDN}/vnets", lambda: view.pve.get(f"{_SDN}/vnets", {"pending": "1"}))
    return [{"vnet": row["vnet"]} for row in rows if row.get("state") != "deleted"]


async def _waiting(view: View) -> Sequence[Key]:
    found: list[Key] = []
    lists = {"SDNController": ("controllers", "controller"), "SDNZone": ("zones", "zone"), "SDNVNet": ("vnets", "vnet")}
    for kind, (plural, word) in lists.items():
        rows: list[Row] = await view.pve.get(f"{_SDN}/{plural}", {"pending": "1"})
        found += [Key(kind, "", str(row[word])) for row in rows if row.get("state")]
    if (await view.pve.api()).method("GET", _NODES) is not None:
        for kind, (path, name) in _FABRICS.items():
            rows = await view.pve.get(path, {"pending": "1"})
            found += [Key(kind, "", _names.fill(name, row)) for row in rows if row.get("state")]
    for scope in await each_vnet(view):
        rows = await view.pve.get(f"{_SDN}/vnets/{{vnet}}/subnets", {**scope, "pending": "1"})
        found += [Key("SDNSubnet", "", f"{scope['vnet']}/{row['cidr']}") for row in rows if row.get("state")]
    return found


async def _apply(run: Run) -> None:
    await run.call("PUT", _SDN, {}, title="apply the virtual networks")


STAGE = Stage("sdn", "Datacenter → SDN → Apply", _waiting, _apply)


def stage(key: Key) -> Stage:
    """All virtual networks are applied together."""
    return STAGE
