"""Ceph is one for all nodes, and the API knows it by each of them: through which one it is read and written.

What belongs here: the way to Ceph, and what its three kinds of daemons have in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxmox_mpc.kinds import _names
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._collection import Collection, Row, Scope
from proxmox_mpc.kinds._field import Part
from proxmox_mpc.kinds._kind import Column, Key, Kind, Live, Need, Resource
from proxmox_mpc.kinds._regular import CollectionDriver, regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_PATH = "/nodes/{node}/ceph"
RUNNING, MONITOR = Key("Ceph", "", "running"), Key("Ceph", "", "monitor")
"""What all daemons provide, and everything that lies on them needs; and what comes before every other daemon."""
# Ceph has one configuration, and its daemons are made one after the other.
_LANE = "file:ceph"
_MEMO, _THROUGH = "ceph", "through"


async def initialized(view: View) -> Sequence[Scope]:
    """The first node that has a Ceph that was initialized; none where there is none."""
    return [{"node": node} for node, _ in await view.once(_MEMO, lambda: _first(view))]


async def working(view: View) -> Sequence[Scope]:
    """The same, when it has a monitor: without one, it cannot be asked for more."""
    return [{"node": node} for node, monitors in await view.once(_MEMO, lambda: _first(view)) if monitors]


async def _first(view: View) -> list[tuple[str, list[Row]]]:
    from proxmox_mpc.pve import NotSupported

    for node in await view.nodes():
        try:
            return [(node, await view.pve.get(f"{_PATH}/mon", {"node": node}))]
        except NotSupported:  # this node has not the software
            continue
    return []


class CephDriver(CollectionDriver):
    """Objects of the whole Ceph, through any node that has it."""

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        through = [scope["node"] for scope in await working(view)]
        through += sorted(key.name.partition("/")[0] for key in view.planned if key.kind == "CephMonitor")
        if not through:
            hint = "install Ceph on the nodes (pveceph install, pveceph init), then declare a CephMonitor"
            raise resource.invalid("kind", "this cluster has no Ceph that works", hint)
        resource = replace(resource, choices={**resource.choices, _THROUGH: through[0]})
        return await super().complete(view, resource, live, applied)

    def _names(self, resource: Resource) -> dict[str, Any]:
        return {"node": resource.choices[_THROUGH], **super()._names(resource)}

    def _lane(self, names: Mapping[str, Any]) -> str:
        return _LANE

    async def _reread(self, run: Run, resource: Resource) -> Live:
        run.view.forget(_MEMO)
        return await super()._reread(run, resource)


def collection(what: str, key: str, **more: Any) -> Collection:
    """A collection of the whole Ceph."""
    return Collection(f"{_PATH}/{what}", f"{_PATH}/{what}/{{name}}", key, scopes=working, **more)


class DaemonDriver(CollectionDriver):
    """Every node lists the daemons of all."""

    def _variables(self, scope: Scope, row: Row) -> dict[str, str]:
        host = row.get("host")
        # A monitor tells its node by its name only (9.1); who makes one in the web interface gets that name.
        node = host if isinstance(host, str) and not host.isdigit() else str(row["name"])
        return {"node": node, "host": node, self.collection.variables[-1]: str(row["name"])}

    def _names(self, resource: Resource) -> dict[str, Any]:
        names = super()._names(resource)
        return {**names, "node": names["host"]}

    def _lane(self, names: Mapping[str, Any]) -> str:
        return _LANE

    async def _reread(self, run: Run, resource: Resource) -> Live:
        run.view.forget(_MEMO)
        for scope in await initialized(run.view):
            run.view.forget(_names.fill(self.collection.path, scope))
        return await super()._reread(run, resource)

    async def delete(self, run: Run, live: Live) -> None:
        """The last monitor stays: the API takes no Ceph away (pveceph purge on a node does)."""
        path, node = self.collection.path, {"node": live.identity["node"]}
        async with run.lane(_LANE):
            if path.endswith("/mon") and len(await run.view.pve.get(path, node)) == 1:
                return
            await run.call("DELETE", self.collection.item, self._bare(live.identity), title=f"delete {live.key.name}")


def daemons(
    name: str, plural: str, short: tuple[str, ...], model: type[Part], word: str, variable: str, **more: Any
) -> Kind:
    """One kind of daemon; `word` is its path, `variable` what the path calls its name."""
    one = f"{_PATH}/{word}/{{{variable}}}"
    is_monitor = word == "mon"
    return regular(
        name,
        plural,
        short,
        model,
        Collection(
            f"{_PATH}/{word}",
            one,
            "name",
            make=one,
            name=f"{{host}}/{{{variable}}}",
            scopes=initialized if is_monitor else working,
            # What runs where is all that they tell.
            row=lambda row: {},
        ),
        driver=DaemonDriver,
        columns=(Column.name(), Column("STATE", lambda live: live.facts.get("state", ""))),
        needs=lambda resource: [] if is_monitor else [Need(MONITOR, "metadata.name")],
        provides=lambda resource: (resource.key, RUNNING, *([MONITOR] if is_monitor else [])),
        **more,
    )
