"""Regular configuration, as a table: where it is listed, what a row is called, where it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.generators.twin._reader import Asked, Reader, Row


@dataclass(frozen=True)
class _Collection:
    """A list of objects. `one` is read too where the list does not tell everything; `make` is where POST goes.

    Those in `skip` are in every cluster.
    """

    all: str
    key: str
    one: str = ""
    make: str = ""
    skip: frozenset[str] = frozenset()


_ENDPOINTS = "/cluster/notifications/endpoints"
_BEFORE = (
    _Collection("/cluster/mapping/dir", "id", "/cluster/mapping/dir/{id}"),
    _Collection("/cluster/mapping/pci", "id", "/cluster/mapping/pci/{id}"),
    _Collection("/cluster/mapping/usb", "id", "/cluster/mapping/usb/{id}"),
    _Collection("/cluster/acme/plugins", "plugin", "/cluster/acme/plugins/{id}", skip=frozenset({"standalone"})),
)
_AFTER = (
    _Collection("/cluster/ha/groups", "group", "/cluster/ha/groups/{group}"),
    _Collection("/cluster/ha/resources", "sid", "/cluster/ha/resources/{sid}"),
    _Collection("/cluster/ha/rules", "rule", "/cluster/ha/rules/{rule}"),
    _Collection("/cluster/backup", "id", "/cluster/backup/{id}"),
    _Collection("/cluster/replication", "id"),
    _Collection("/cluster/jobs/realm-sync", "id", "/cluster/jobs/realm-sync/{id}", "/cluster/jobs/realm-sync/{id}"),
    _Collection("/cluster/metrics/server", "id", "/cluster/metrics/server/{id}", "/cluster/metrics/server/{id}"),
    *(
        _Collection(f"{_ENDPOINTS}/{kind}", "name", f"{_ENDPOINTS}/{kind}/{{name}}")
        for kind in ("gotify", "sendmail", "smtp", "webhook")
    ),
    _Collection("/cluster/notifications/matchers", "name", "/cluster/notifications/matchers/{name}"),
)

# Always there in every cluster: a twin changes them where they were changed.
_BUILT_IN = ("builtin", "modified-builtin")


async def before_guests(reader: Reader) -> list[Asked]:
    """What guests and jobs name: mappings, plugins; and the cluster's options."""
    found = [asked for collection in _BEFORE for asked in await _made(reader, collection)]
    options = await reader.get("/cluster/options") or {}
    kept = {k: v for k, v in options.items() if v != "" and k != "allowed-tags"}
    return [*found, *([reader.ask("PUT", "/cluster/options", kept)] if kept else [])]


async def after_guests(reader: Reader, rows: Sequence[Row]) -> list[Asked]:
    """What names guests: high availability, jobs; and what nodes and the cluster send."""
    found = [asked for collection in _AFTER for asked in await _made(reader, collection)]
    for row in rows:
        if row["type"] == "node" and row.get("status") == "online":
            found += await _system(reader, row["node"])
            for part in ("config", "dns"):
                settings = await reader.get(f"/nodes/{{node}}/{part}", node=row["node"])
                # A node without a search domain cannot be told its name servers (PUT /nodes/{node}/dns, 9.1).
                if settings and (part == "config" or "search" in settings):
                    found.append(reader.ask("PUT", f"/nodes/{{node}}/{part}", settings, node=row["node"]))
    return found


async def _system(reader: Reader, node: str) -> list[Asked]:
    """A node's time zone, its hosts file, and the standard package repositories that it uses."""
    found = []
    if clock := await reader.get("/nodes/{node}/time", node=node):
        found.append(reader.ask("PUT", "/nodes/{node}/time", clock, node=node))
    if hosts := await reader.get("/nodes/{node}/hosts", node=node):
        # Written out, because `data` is a secret of other objects.
        found.append({"method": "POST", "path": f"/nodes/{node}/hosts", "params": {"data": hosts["data"]}})
    packages = await reader.get("/nodes/{node}/apt/repositories", node=node) or {}
    for standard in packages.get("standard-repos", ()):
        if standard.get("status"):
            found.append(reader.ask("PUT", "/nodes/{node}/apt/repositories", standard, node=node))
    return found


async def _made(reader: Reader, collection: _Collection) -> list[Asked]:
    found = []
    make = collection.make or collection.all
    for row in await reader.rows(collection.all):
        name = row[collection.key]
        if name in collection.skip or reader.api.method("POST", make) is None:
            continue
        variable = collection.one.rpartition("{")[2].rstrip("}")
        whole: dict[str, Any] = dict(row)
        if collection.one:
            whole |= await reader.get(collection.one, **{variable: name}) or {}
        names = {variable: name} if variable else {}
        if whole.get("origin") in _BUILT_IN:
            if whole["origin"] != _BUILT_IN[0]:
                found.append(reader.ask("PUT", collection.one, whole, **names))
            continue
        found.append(reader.ask("POST", make, whole, **names))
    return found


async def pools(reader: Reader) -> list[dict[str, Any]]:
    """Pools with their members."""

    async def one(row: Row) -> dict[str, Any]:
        # The list with a name answers one pool with its members; the path of one cannot hold a nested name (9.1).
        found = await reader.rows("/pools", poolid=row["poolid"])
        members = found[0].get("members", []) if found else []
        guests = [int(m["vmid"]) for m in members if "vmid" in m]
        storages = sorted({m["storage"] for m in members if m.get("type") == "storage"})
        return {"poolid": row["poolid"], "comment": row.get("comment", ""), "guests": guests, "storages": storages}

    return await reader.each("pools", await reader.rows("/pools"), one)
