"""Virtual networks: what runs is made and applied first, then what is configured and waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proxmox_mpc.generators.twin._reader import Asked, Reader
from proxmox_mpc.generators.twin._secrets import PLACEHOLDER

_SDN = "/cluster/sdn"


@dataclass(frozen=True)
class _Objects:
    """One kind of object: where its list stands and it is made, the name of a row, and its own path."""

    all: str
    key: str
    one: str


_KINDS = (
    _Objects(f"{_SDN}/controllers", "controller", f"{_SDN}/controllers/{{controller}}"),
    _Objects(f"{_SDN}/fabrics/fabric", "id", f"{_SDN}/fabrics/fabric/{{id}}"),
    _Objects(f"{_SDN}/zones", "zone", f"{_SDN}/zones/{{zone}}"),
    _Objects(f"{_SDN}/vnets", "vnet", f"{_SDN}/vnets/{{vnet}}"),
)
_SUBNETS = _Objects(f"{_SDN}/vnets/{{vnet}}/subnets", "subnet", f"{_SDN}/vnets/{{vnet}}/subnets/{{subnet}}")
_FABRIC_NODES = _Objects(
    f"{_SDN}/fabrics/node/{{fabric_id}}", "node_id", f"{_SDN}/fabrics/node/{{fabric_id}}/{{node_id}}"
)


async def requests(reader: Reader) -> list[Asked]:
    """The requests that make them, the apply between them included."""
    found = []
    # Address books and name servers have no pending state. The address book `pve` is built in.
    books = [row for row in await reader.rows(f"{_SDN}/ipams") if row["ipam"] != "pve"]
    found += [reader.ask("POST", f"{_SDN}/ipams", row) for row in books]
    for row, asked in zip(books, found, strict=True):
        if row["type"] != "pve":
            asked["params"]["token"] = PLACEHOLDER  # without one it would be refused
    found += [reader.ask("POST", f"{_SDN}/dns", row) for row in await reader.rows(f"{_SDN}/dns")]
    running = await _all(reader, running=1)
    configured = await _all(reader)
    found += [reader.ask("POST", it.kind.all, it.row, **it.names) for it in running.values()]
    if running:
        found.append({"method": "PUT", "path": _SDN, "params": {}})
    # From the last to the first, so that nothing goes that is still used.
    found += [
        reader.ask("DELETE", it.kind.one, {}, **it.path)
        for key, it in reversed(running.items())
        if key not in configured
    ]
    for key, it in configured.items():
        if key not in running:
            found.append(reader.ask("POST", it.kind.all, it.row, **it.names))
        elif it.row != (before := running[key].row):
            changed = {k: v for k, v in it.row.items() if before.get(k) != v}
            asked = reader.ask("PUT", it.kind.one, changed, **it.path)
            if gone := sorted(before.keys() - it.row.keys()):
                asked["params"]["delete"] = ",".join(gone)
            found.append(asked)
    return found


@dataclass(frozen=True)
class _Item:
    """One object: its row, the names of the path that it stands under, and those of its own path."""

    kind: _Objects
    names: dict[str, Any]
    path: dict[str, Any]
    row: dict[str, Any]


_Found = dict[tuple[str, ...], _Item]


async def _all(reader: Reader, **view: Any) -> _Found:
    """Every object of a view by kind and name, with the names of the path that it stands under."""
    found: _Found = {}
    for kind in _KINDS:
        for row in await reader.rows(kind.all, **view):
            _keep(found, kind, {}, row)
            if kind.key == "id":
                names = {"fabric_id": row["id"]}
                for node in await reader.rows(_FABRIC_NODES.all, **names, **view):
                    _keep(found, _FABRIC_NODES, names, node)
    for item in list(found.values()):
        if item.kind.key == "vnet":
            names = {"vnet": item.row["vnet"]}
            for subnet in await reader.rows(_SUBNETS.all, **names, **view):
                _keep(found, _SUBNETS, names, subnet)
    return found


def _keep(found: _Found, kind: _Objects, names: dict[str, Any], row: dict[str, Any]) -> None:
    plain = {k: v for k, v in row.items() if k not in ("digest", "state", "pending") and v is not None}
    if kind is _SUBNETS:
        # Shown as the object's own name, `zone-10.0.0.0-24`; made by its range.
        plain["subnet"] = row.get("cidr", row["subnet"])
    name = row[kind.key]
    found[(kind.all, *names.values(), str(name))] = _Item(kind, names, {**names, kind.key: name}, plain)
