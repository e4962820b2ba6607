"""How guests are read and written: what VMs and containers have in common.

One `GuestApi` says how the two differ on the wire. Reads are one /cluster/resources plus the configs of the guests
that matter, in parallel; the guest agent is never asked. Writes go through the `Run`, each from a fresh config, and
are confirmed from the config, never from /cluster/resources, which is about 10 s late (facts.md 20).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import (
    _guest_complete,
    _guest_config,
    _guest_cost,
    _guest_ha,
    _guest_safety,
    _guest_traces,
    _guest_write,
)
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._guest_rows import UNNAMED
from proxmox_mpc.kinds._kind import (
    CONVERTED,
    DEFAULT_NAMESPACE,
    LOCK,
    NAME,
    NAMESPACE,
    UNKNOWN_KEYS,
    Change,
    Key,
    Live,
    Mistake,
    Need,
    Owned,
    Resource,
    Trace,
)
from proxmox_mpc.kinds._mark import INDEX_TAG, Mark, split_block, with_block
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._schema import OPTIONS, Schema
from proxmox_mpc.kinds._verdict import Edit, Verdict
from proxmox_mpc.kinds._view import View

PAUSED = "paused"
"""A fact of guests that were looked at one by one: whether a running one stands still."""


@dataclass(frozen=True)
class GuestApi:
    """How one type of guest differs on the wire."""

    kind: str
    type: str
    name_key: str
    disk_lists: tuple[str, ...]
    """Lists whose items are volumes: `disks` of a VM, `mounts` of a container."""
    lift: Callable[[Fields], Fields]
    lower: Callable[[Mapping[str, Value]], Fields]
    create_params: Callable[[Resource], dict[str, Any]]
    """What only creation takes: the OS template, a password."""
    check: Callable[[View, Resource, Live | None], Any]
    """Further references of this type; awaited."""
    boot_slot: Callable[[Fields], str | None]
    mistakes: Callable[[Mapping[str, Value], bool], Iterable[Mistake]]
    """Contradictions between fields."""
    write_verb: str
    resent: Mapping[str, str]
    """Parameters that PVE changes by itself when something is added, by the fields that say what they must stay."""
    undeletable: Mapping[str, str]
    """Parameters that the API refuses to delete, with the value that means the same."""
    move_verb: str
    move_key: str
    raw_lines: bool
    """Whether a config may hold lines that GET pending leaves out."""
    moves_running: bool
    """Whether guests and their volumes move while they run."""
    verdict: Callable[[Edit], Verdict]
    """What a change of a parameter costs a guest that runs."""
    follows: Callable[[Edit], Iterable[str]] = lambda edit: ()
    """Parameters that PVE changes with it, and that wait for the next start."""
    templates: bool | None = None
    """Whether its guests are templates; None where there is no kind of their own for those."""

    def path(self, tail: str = "") -> str:
        return f"/nodes/{{node}}/{self.type}/{{vmid}}{tail}"


def is_template(live: Live) -> bool:
    return bool(live.raw.get("template"))


class GuestDriver(Driver):
    """Reads and writes guests of one type."""

    def __init__(self, api: GuestApi, schema: Callable[[], Schema]) -> None:
        self.api = api
        self._schema = schema

    @property
    def schema(self) -> Schema:
        return self._schema()

    # -- reading ---------------------------------------------------------------------------------------------------

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        rows = {int(row["vmid"]): row for row in await view.rows(self.api.type)}
        names = {resource.key.name for resource in wanted}
        keys = {resource.key for resource in wanted}
        vmids = {int(item.identity["vmid"]) for item in owned if item.key in keys or not wanted}
        vmids |= {spec.vmid for r in wanted if (spec := r.spec).vmid is not None}  # type: ignore[attr-defined]
        nodes = {int(item.identity["vmid"]): str(item.identity["node"]) for item in owned}
        lost_store = not owned
        matter = {
            vmid: row
            for vmid, row in rows.items()
            if vmid in vmids
            or self._name(row, {}) in names
            or (lost_store and INDEX_TAG in str(row.get("tags", "")).split(";"))
        }
        # A guest made a moment ago is not in /cluster/resources yet: the store knows where to look for it.
        unseen = {vmid: {"vmid": vmid, "node": nodes[vmid]} for vmid in vmids - rows.keys() if vmid in nodes}
        wishes = {resource.key.name: resource.fields.get("state") for resource in wanted}
        found = await asyncio.gather(*(self._read(view, row, wishes) for row in [*matter.values(), *unseen.values()]))
        return [live for live in found if live is not None and self._is_mine(live)]

    async def whereabouts(self, view: View, owned: Owned) -> str:
        rows = {int(row["vmid"]): str(row["node"]) for row in await view.rows(self.api.type)}
        return rows.get(int(owned.identity["vmid"]), "")

    async def traces(
        self, view: View, owned: Owned, live: Live | None, changes: Sequence[Change], since: datetime
    ) -> Mapping[str, Trace]:
        return await _guest_traces.traces(self, view, owned, live, changes, since)

    async def rows(self, view: View) -> list[Live]:
        rows = await view.rows(self.api.type)
        mine = (row for row in rows if self.api.templates in (None, bool(row.get("template"))))
        return [self._live(row, {}, {}, str(row.get("status", "unknown"))) for row in mine]

    def _is_mine(self, live: Live) -> bool:
        """Whether a guest is one of this kind: by its mark, also when it is (not yet, or by hand) a template."""
        if live.mark is not None:
            return live.mark.key.kind == self.api.kind
        return self.api.templates in (None, is_template(live))

    async def detail(self, view: View, lives: Sequence[Live]) -> list[Live]:
        rows = {int(row["vmid"]): row for row in await view.rows(self.api.type)}
        found = await asyncio.gather(*(self._read(view, rows[live.identity["vmid"]], {}) for live in lives))
        return [live for live in found if live is not None]

    async def _read(self, view: View, row: Mapping[str, Any], wishes: Mapping[str, Any]) -> Live | None:
        where = {"node": row["node"], "vmid": row["vmid"]}
        try:
            state = str(row.get("status", ""))
            config, current = await _guest_config.read(self.api, view, where, running=state != "stopped")
            wish = wishes.get(str(config.get(self.api.name_key, "")))
            if not state or (wish is not None and wish != state):
                # Before a difference in power is claimed, the node itself is asked: the bulk row may be stale.
                state = str((await view.pve.get(self.api.path("/status/current"), where))["status"])
        except NotFoundError:
            return await self._follow(view, row, wishes)
        return self._live(row, config, await self.decode(view, config), state, current)

    async def _follow(self, view: View, row: Mapping[str, Any], wishes: Mapping[str, Any]) -> Live | None:
        """A guest that is not where it was a moment ago: it may be moving. Only a VMID that nobody has is gone."""
        now = await self._moved(view, row)
        return await self._read(view, now, wishes) if now is not None else None

    async def _moved(self, view: View, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Its row of now, where a guest stands on another node than it did."""
        rows = await view.pve.get("/cluster/resources", {"type": "vm"})
        now = next((r for r in rows if r.get("vmid") == row["vmid"] and r.get("type") == self.api.type), None)
        return now if now is not None and now["node"] != row["node"] else None

    def _live(
        self,
        row: Mapping[str, Any],
        config: Mapping[str, Any],
        fields: Fields,
        state: str,
        current: Mapping[str, Any] | None = None,
    ) -> Live:
        vmid, node = int(row["vmid"]), str(row["node"])
        own, mark = split_block(str(config.get("description", "")))
        if mark is not None and mark.vmid != vmid:
            mark = None  # the description was copied by a clone
        if mark is not None and self.api.templates and mark.key.kind != self.api.kind and config.get("template"):
            mark = None  # a VM of ours that somebody has made a template: as such it is nobody's
        name = self._name(row, config)
        pool = str(row.get("pool") or DEFAULT_NAMESPACE)
        if "status" not in row and mark is not None:
            pool = mark.key.namespace
        key = mark.key if mark is not None else Key(self.api.kind, pool, name)
        fields = dict(fields)
        if config:
            fields |= {"state": state, "node": node, NAME: name, NAMESPACE: pool}
            fields.pop("description", None)
            if own:
                fields["description"] = own
            tags = [tag for tag in fields.pop("tags", []) if tag != INDEX_TAG]  # type: ignore[union-attr]
            if tags:
                fields["tags"] = tags
            if self.api.templates:
                fields[CONVERTED] = bool(config.get("template"))
                del fields["state"]
        facts = {**row, "status": state, "name": name, "pool": pool, "namespace": key.namespace}
        if config.get("lock"):
            facts[LOCK] = config["lock"]
        if unknown := sorted(key for key in config if self._is_unknown(key, fields)):
            facts[UNKNOWN_KEYS] = ", ".join(unknown)
        identity = {"vmid": vmid, "node": node}
        running = (current or {}) if state == "running" else {}
        return Live(key, identity, fields, facts, mark, str(config.get("digest", "")), config, running)

    def _name(self, row: Mapping[str, Any], config: Mapping[str, Any]) -> str:
        """What a guest is called; one without a name is called by its type and VMID."""
        name = str(config.get(self.api.name_key) or row.get("name") or "")
        return name if name and not UNNAMED.fullmatch(name) else f"{self.api.type}-{row['vmid']}"

    async def decode(self, view: View, config: Mapping[str, Any]) -> Fields:
        """A config's canonical fields, without what is only the server's own.

        Keys that the API of this version does not take are no fields: nobody can set them, and nothing touches them.
        """
        facts, template = await view.pve.api(), self.api.path("/config")
        fields = self.fields_of(config)
        raw = {path: path.partition(".")[2] for path in fields if path.startswith(f"{OPTIONS}.")}
        unknown = {path for path, key in raw.items() if facts.parameter("PUT", template, key) is None}
        return {path: value for path, value in fields.items() if path not in unknown}

    def fields_of(self, config: Mapping[str, Any]) -> Fields:
        return self.api.lift(self.schema.decode(config))

    def _is_unknown(self, key: str, fields: Fields) -> bool:
        """Whether a key of the config is in no field."""
        is_raw = key not in self.schema.ignored and self.schema.field_of(key) is None
        return is_raw and f"{OPTIONS}.{key}" not in fields

    async def reread(self, view: View, live: Live) -> Live:
        """The guest as it is now, power included, wherever it stands by now. Raises GuestMissing."""
        where = dict(live.identity)
        try:
            (config, current), status = await asyncio.gather(
                _guest_config.read(self.api, view, where, running=True),
                view.pve.get(self.api.path("/status/current"), where),
            )
        except NotFoundError:
            if (now := await self._moved(view, where)) is None:
                raise
            return await self.reread(view, replace(live, identity={**where, "node": now["node"]}))
        row = {name: value for name, value in live.facts.items() if name != _guest_ha.STATE}
        row |= {**where, **_guest_ha.shown(status.get("ha") or {}), PAUSED: status.get("qmpstatus") == "paused"}
        return self._live(row, config, await self.decode(view, config), str(status["status"]), current)

    def encode(self, fields: Mapping[str, Value], secrets: Mapping[str, str], mark: Mark) -> dict[str, str]:
        """Config parameters that hold these fields, with the mark in the description and the index tag."""
        own = {path: value for path, value in fields.items() if not path.startswith("metadata.")}
        own["tags"] = sorted({*own.get("tags", []), INDEX_TAG})  # type: ignore[misc]
        own["description"] = with_block(str(own.get("description", "")), mark)
        params = self.schema.encode(self.api.lower(own), secrets)
        if NAME in fields:
            params[self.api.name_key] = str(fields[NAME])
        return params

    def writes(self) -> Sequence[Write]:
        named = {
            "vmid": "vmid",
            "node": "node",
            "pool": NAMESPACE,
            self.api.name_key: NAME,
            "ostemplate": "ostemplate",
        }
        config = self.api.path("/config")
        clone = {"newid": "vmid", "name": NAME, "hostname": NAME, "pool": NAMESPACE, "full": "clone", "target": "node"}
        disk = {"disk": f"{self.api.disk_lists[0]}.*", "size": f"{self.api.disk_lists[0]}.*.size"}
        moved = {"storage": f"{self.api.disk_lists[0]}.*.storage", self.api.move_key: f"{self.api.disk_lists[0]}.*"}
        return [
            Write("POST", f"/nodes/{{node}}/{self.api.type}", named),
            *(Write(verb, config, named) for verb in dict.fromkeys((self.api.write_verb, "PUT"))),
            Write("POST", self.api.path("/clone"), {**clone, "storage": moved["storage"]}),
            Write("PUT", self.api.path("/resize"), disk),
            Write("POST", self.api.path(self.api.move_verb), moved),
        ]

    # -- writing: see _guest_write.py ------------------------------------------------------------------------------

    async def create(self, run: Run, resource: Resource) -> Live:
        return await _guest_write.create(self, run, resource)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        return await _guest_write.update(self, run, live, resource, changes)

    async def delete(self, run: Run, live: Live) -> None:
        await _guest_write.delete(self, run, live)

    async def release(self, run: Run, live: Live) -> None:
        await _guest_write.release(self, run, live)

    unsecurable = _guest_safety.unsecurable
    secure = _guest_safety.secure
    unsecure = _guest_safety.unsecure

    def waiting(self, live: Live) -> list[Change]:
        """What was changed before and waits for a reboot, parameter by parameter."""
        return _guest_cost.waiting(self, live)

    # -- completing: see _guest_complete.py ------------------------------------------------------------------------

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        return await _guest_complete.complete(self, view, resource, live, applied)

    # -- costs: see _guest_cost.py ---------------------------------------------------------------------------------

    def cost(self, live: Live, resource: Resource, changes: Sequence[Change]) -> Sequence[Change]:
        return _guest_cost.cost(self, live, resource, changes)


def needs_of(schema: Callable[[], Schema]) -> Callable[[Resource], list[Need]]:
    """What a guest needs: its namespace's pool, its template, and all that its fields refer to."""

    def needs(resource: Resource) -> list[Need]:
        found: list[Need] = []
        if resource.key.namespace != DEFAULT_NAMESPACE:
            found.append(Need(Key("Pool", "", resource.key.namespace), "metadata.namespace", implied=True))
        for path, value in resource.fields.items():
            if (leaf := schema().leaf(path)) is not None:
                found += [Need(Key(other, "", str(value)), f"spec.{path}") for other in leaf.wire.refers]
            if path == "template":
                found.append(Need(Key("Guest", "", str(value)), "spec.template"))
            elif path == "tags" and value:
                # A tag may have to be registered before it can be used.
                found.append(Need(Key("ClusterOptions", "", "cluster"), "spec.tags"))
        return found

    return needs


def guard(live: Live, changes: Sequence[Change]) -> str:
    """PVE's own flag: it holds the guest and its volumes until it is off, be it by one of these changes."""
    freed = any(change.path == "protection" and not change.new for change in changes)
    return "PVE's protection of the guest is on" if live.fields.get("protection") is True and not freed else ""


def answers_to(live: Live) -> tuple[Key, ...]:
    return (live.key, Key("Guest", "", live.key.name), Key("Guest", "", str(live.identity["vmid"])))


def provides(resource: Resource) -> tuple[Key, ...]:
    """A guest, whatever its kind and namespace, is also known by its bare name and by its VMID: to firewalls, to HA."""
    vmid = resource.fields.get("vmid")
    names = [resource.key.name, *([str(vmid)] if vmid is not None else [])]
    return (resource.key, *(Key("Guest", "", name) for name in names))
