"""Snapshot: a state of a guest that somebody wants to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._field import Impact, Part, Prose, field
from proxmox_mpc.kinds._guest_rows import Row, find_guest, namespace_of, words_for
from proxmox_mpc.kinds._kind import Change, Column, Key, Kind, Live, Need, Owned, Resource
from proxmox_mpc.kinds._mark import split_short, with_short
from proxmox_mpc.kinds._reach import NAME, Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

# Guests that are asked for their snapshots at a time.
_AT_ONCE = 16


class SnapshotSpec(Part):
    """A snapshot of a guest, called `GUEST/SNAPSHOT`; the guest by its name or VMID.

    It is taken once: a later apply that finds it takes no other. To go back to it is no matter of a manifest.
    """

    description: Prose | None = field("description", help="What it is for.")
    memory: bool | None = field(
        "vmstate", create_only=True, default=False, help="Whether the memory of a running VM is kept, too."
    )


def _split(name: str) -> tuple[str, str]:
    guest, _, snapshot = name.partition("/")
    return guest, snapshot


class SnapshotDriver(Driver):
    """Snapshots stand in their guest's configuration; their description is all that changes later."""

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        keys = {resource.key for resource in wanted}
        words = {(key.namespace, _split(key.name)[0]) for key in keys}
        guests = {word: await find_guest(view, *word) for word in sorted(words)}
        vmids = {int(row["vmid"]): row for row in await view.rows("qemu", "lxc")}
        for item in owned:
            # A guest that was renamed since is still the same.
            if item.key in keys or not wanted:
                word = (item.key.namespace, _split(item.key.name)[0])
                guests[word] = guests.get(word) or vmids.get(int(item.identity["vmid"]))
        lists = await asyncio.gather(*(self._of(view, row, *word) for word, row in guests.items() if row is not None))
        return [live for lives in lists for live in lives]

    async def rows(self, view: View) -> list[Live]:
        places, rows = asyncio.Semaphore(_AT_ONCE), await view.rows("qemu", "lxc")
        words = words_for(rows)

        async def of(row: Row) -> list[Live]:
            async with places:
                return await self._of(view, row, namespace_of(row), words[int(row["vmid"])])

        lists = await asyncio.gather(*(of(row) for row in rows if not row.get("template")))
        return [live for lives in lists for live in lives]

    async def _of(self, view: View, row: Row, namespace: str, word: str) -> list[Live]:
        return [_live(row, snapshot, namespace, word) for snapshot in await _snapshots.listed(view, row)]

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        if live is not None:
            return resource
        key, (word, snapshot) = resource.key, _split(resource.key.name)
        coming = [kind for kind in ("VirtualMachine", "Container") if Key(kind, key.namespace, word) in view.planned]
        row = None if coming else await find_guest(view, key.namespace, word, anew=True)
        if row is None and not coming:
            hint = "the guest by its name or VMID, in the namespace of the snapshot"
            raise resource.invalid("metadata.name", f"there is no guest {word!r} in namespace {key.namespace}", hint)
        if row is not None and row.get("template"):
            raise resource.invalid("metadata.name", f"{word} is a template, which has no snapshots")
        type_ = str(row["type"]) if row is not None else "qemu" if coming == ["VirtualMachine"] else "lxc"
        if type_ == "lxc" and resource.fields.get("memory"):
            raise resource.invalid("spec.memory", f"{word} is a container: only VMs keep their memory", "remove it")
        if not _snapshots.NAME.fullmatch(snapshot) or snapshot in _snapshots.RESERVED:
            hint = "2 to 40 letters, digits, hyphens and underscores, a letter first"
            raise resource.invalid("metadata.name", f"{snapshot!r} cannot name a snapshot", hint)
        return resource

    async def create(self, run: Run, resource: Resource) -> Live:
        word, snapshot = _split(resource.key.name)
        row = await find_guest(run.view, resource.key.namespace, word, anew=True)
        assert row is not None, "checked when it was completed, or made before"
        text = with_short(str(resource.fields.get("description", "")), run.mark())
        memory = resource.fields.get("memory") is True
        makes = {**_snapshots.where(row), "snapshot": snapshot}
        await _snapshots.take(run, row, snapshot, text, memory=memory, makes=makes)
        return await self._reread(run.view, row, resource.key)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        row = {**live.facts, **live.identity}
        text = live.fields.get("description", "")
        for change in changes:
            text = change.new or ""
        params = {**_snapshots.where(row), "snapname": live.identity["snapshot"]}
        params["description"] = with_short(str(text), run.mark())
        await run.call("PUT", _snapshots.path(row, "/{snapname}/config"), params, title=f"describe {resource.key.name}")
        run.view.forget(f"snapshots/{row['vmid']}")
        return await self._reread(run.view, row, resource.key)

    async def _reread(self, view: View, row: Row, key: Key) -> Live:
        found = await self._of(view, row, key.namespace, _split(key.name)[0])
        return next(live for live in found if live.key == key)

    async def delete(self, run: Run, live: Live) -> None:
        await _snapshots.forget(run, {**live.facts, **live.identity}, str(live.identity["snapshot"]))

    def writes(self) -> Sequence[Write]:
        return [
            write
            for type_ in ("qemu", "lxc")
            for write in (
                Write("POST", _snapshots.path({"type": type_}), {"snapname": NAME}),
                Write("PUT", _snapshots.path({"type": type_}, "/{snapname}/config")),
            )
        ]


def _live(row: Row, snapshot: Mapping[str, Any], namespace: str, word: str) -> Live:
    key = Key("Snapshot", namespace, f"{word}/{snapshot['name']}")
    text, mark = split_short(str(snapshot.get("description", "")).rstrip("\n"), key)
    config = {"description": text, "vmstate": snapshot.get("vmstate", 0)}
    fields: Fields = KIND.schema.decode({name: value for name, value in config.items() if value})
    facts = {"type": row["type"], "guest": word, "taken": snapshot.get("snaptime", 0), "namespace": namespace}
    facts |= {"parent": snapshot.get("parent", ""), "policy": _snapshots.policy_of(snapshot)}
    facts |= {"passing": _snapshots.is_before(snapshot)}
    return Live(key, {**_snapshots.where(row), "snapshot": snapshot["name"]}, fields, facts, mark)


def _taken(live: Live) -> str:
    return f"{datetime.fromtimestamp(int(live.facts['taken']), UTC):%Y-%m-%d %H:%M}"


def _needs(resource: Resource) -> list[Need]:
    """The guest, where it is made in the same go."""
    key, (word, _) = resource.key, _split(resource.key.name)
    guests = [Key(kind, key.namespace, word) for kind in ("VirtualMachine", "Container")]
    return [Need(guest, NAME) for guest in [*guests, *([Key("Guest", "", word)] if word.isdigit() else [])]]


KIND: Kind = Kind(
    name="Snapshot",
    plural="snapshots",
    short=("snap", "snaps"),
    model=SnapshotSpec,
    driver=SnapshotDriver(),
    columns=(
        Column.name(),
        Column("VMID", lambda live: live.identity["vmid"], right=True),
        Column("TAKEN (UTC)", _taken),
        Column("MEMORY", lambda live: "yes" if live.fields.get("memory") else "no"),
        Column("POLICY", lambda live: live.facts["policy"]),
        Column("DESCRIPTION", lambda live: str(live.fields.get("description", "")).partition("\n")[0]),
        Column("PARENT", lambda live: live.facts["parent"], wide=True),
    ),
    namespaced=True,
    within="GUEST/SNAPSHOT",
    deletion=Impact.DATA_LOSS,
    needs=_needs,
    # Those of a policy, and those before a change, come and go by themselves.
    exported=lambda live: not (live.facts["policy"] or live.facts["passing"]),
    order=60,
    marked=True,
    example="""\
apiVersion: proxmox.io/v1
kind: Snapshot
metadata: { name: web-server/before-upgrade, namespace: production }
spec: { description: Before the upgrade to 13, memory: true }
""",
)
