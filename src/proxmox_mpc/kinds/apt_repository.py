"""APTRepository: where a node gets its packages from, and whether it does."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._collection import Scope
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Change, Column, Key, Live, Owned, Resource
from proxmox_mpc.kinds._reach import NAME, Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._settings import Settings, SettingsDriver, settings
from proxmox_mpc.kinds._view import View

_PATH = "/nodes/{node}/apt/repositories"


class APTRepositorySpec(Part):
    """A repository. Its name is NODE/HANDLE for one that PVE offers (pve1/no-subscription), which is added if need be.

    Any other is a numbered entry of a file (pve1/debian.sources:0), and can be switched on and off.
    """

    enabled: bool = field("enabled", sticky=True, help="Whether packages are taken from it.")


class RepositoryDriver(SettingsDriver):
    """One answer per node holds them all. None can be removed: one that PVE offers is switched off instead."""

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        names = {resource.key.name for resource in wanted} | {item.key.name for item in owned}
        nodes = {name.partition("/")[0] for name in names} & set(await view.nodes())
        return [live for live in await self._on(view, nodes) if live.key.name in names]

    async def rows(self, view: View) -> list[Live]:
        return await self._on(view, await view.nodes())

    async def _on(self, view: View, nodes: Collection[str]) -> list[Live]:
        answers = await asyncio.gather(*(_read(view, node) for node in nodes))
        return [live for node, told in zip(nodes, answers, strict=True) for live in _lives(self.kind, node, told)]

    async def _fresh(self, run: Run, live: Live) -> Live:
        run.view.forget(_names.fill(_PATH, live.identity))
        lives = await self._on(run.view, [live.identity["node"]])
        return next(found for found in lives if found.key == live.key)

    async def _put(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        return await self._switch(run, live, resource.fields["enabled"] is True)

    async def delete(self, run: Run, live: Live) -> None:
        async with run.lane(f"file:{_names.fill(_PATH, live.identity)}"):
            fresh = await self._fresh(run, live)
            if "handle" in fresh.facts and fresh.fields["enabled"]:
                await self._switch(run, fresh, False)

    async def _switch(self, run: Run, live: Live, on: bool) -> Live:
        node = {"node": live.identity["node"]}
        if "path" not in live.facts:
            params = {**node, "handle": live.facts["handle"], "digest": live.digest}
            await run.call("PUT", _PATH, params, title=f"add {live.key.name}")
            live = await self._fresh(run, live)
        if live.fields["enabled"] is not on:
            place = {name: live.facts[name] for name in ("path", "index")}
            params = {**node, **place, "enabled": on, "digest": live.digest}
            await run.call("POST", _PATH, params, title=f"switch {live.key.name} {'on' if on else 'off'}")
        return await self._fresh(run, live)

    def writes(self) -> Sequence[Write]:
        return [Write("PUT", _PATH, {"handle": NAME}), Write("POST", _PATH, {"path": NAME, "index": NAME})]


async def _read(view: View, node: str) -> Mapping[str, Any]:
    scope = {"node": node}
    told: Mapping[str, Any] = await view.once(_names.fill(_PATH, scope), lambda: view.pve.get(_PATH, scope))
    return told


def _lives(kind: str, node: str, told: Mapping[str, Any]) -> Iterator[Live]:
    """What PVE offers, there or not, and the entries of all files."""
    digest, places = str(told["digest"]), {}
    offered = {row["handle"] for row in told["standard-repos"]}
    for file in told["files"]:
        for index, entry in enumerate(file["repositories"]):
            facts = {"path": file["path"], "index": index, "uri": entry["URIs"][0]}
            parts = " ".join([*entry["Suites"], *entry.get("Components", ())])
            fields = {"enabled": bool(entry["Enabled"])}
            handle = _handle_of(entry)
            if handle in offered and handle not in places:
                places[handle] = facts
                continue
            name = f"{node}/{file['path'].rpartition('/')[2]}:{index}"
            yield Live(Key(kind, "", name), {"node": node}, {**fields}, {**facts, "parts": parts}, digest=digest)
    for row in told["standard-repos"]:
        handle = row["handle"]
        facts = {"handle": handle, **places.get(handle, {}), "parts": row["name"]}
        fields = {"enabled": bool(row.get("status"))}
        yield Live(Key(kind, "", f"{node}/{handle}"), {"node": node}, {**fields}, facts, digest=digest)


def _handle_of(entry: Mapping[str, Any]) -> str | None:
    """The handle of an entry that PVE offers: the API tells it of none (9.1, 8.4).

    Proxmox's addresses end in `pve` with parts such as pve-enterprise or pvetest, or in `ceph-RELEASE`.
    """
    uri, part = urlsplit(entry["URIs"][0]), next(iter(entry.get("Components", ())), "")
    product = uri.path.rstrip("/").rpartition("/")[2]
    if not (uri.hostname or "").endswith(".proxmox.com") or product.partition("-")[0] not in ("pve", "ceph"):
        return None
    return f"{product}-{part}" if product != "pve" else str(part).removeprefix("pve").removeprefix("-")


async def _all(view: View) -> Sequence[Scope]:
    names = [live.key.name.partition("/") for live in await KIND.driver.rows(view)]
    return [{"node": node, "entry": entry} for node, _, entry in names]


KIND = settings(
    "APTRepository",
    "aptrepositories",
    ("apt",),
    APTRepositorySpec,
    Settings(_PATH, "{node}/{entry}", _all, verb="POST"),
    driver=RepositoryDriver,
    columns=(
        Column.name(),
        Column.on("enabled"),
        Column("URI", lambda live: live.facts.get("uri", "")),
        Column("PARTS", lambda live: live.facts["parts"]),
    ),
    # What PVE offers and is not there, and what came with the node or by hand: neither can be made by a manifest.
    exported=lambda live: "handle" in live.facts and "path" in live.facts,
    order=9,
    example="""\
apiVersion: proxmox.io/v1
kind: APTRepository
metadata: { name: pve1/no-subscription }
spec: { enabled: true }
""",
)
