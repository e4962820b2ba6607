"""Nodes on which nothing new is placed: those that are cordoned, and those that the HA manager has in maintenance.

A cordon is a fenced block in the node's own notes: whoever plans for the cluster sees it, and a lost store forgets
none. People may edit the rest of the notes; the block is hidden from diffs and exports. PVE's own maintenance mode
cannot be switched by the API, only read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from proxmox_mpc.errors import DeniedError
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

CONFIG, _HA = "/nodes/{node}/config", "/cluster/ha/status/manager_status"
_MAINTENANCE = "maintenance"
_AT_ONCE = 16
"""Nodes that are asked at a time."""
_BLOCK = re.compile(r"\n*<!-- proxmox-mpc cordon\n(.*?)\n-->\n*", re.DOTALL)


@dataclass(frozen=True)
class Cordon:
    """Who cordoned a node, since when, and which guests left for it: `vm:100`."""

    by: str
    since: str
    left: tuple[str, ...] = ()

    @classmethod
    def now(cls, by: str, at: datetime) -> Cordon:
        return cls(by, f"{at:%Y-%m-%d %H:%M} UTC")

    def __str__(self) -> str:
        return f"cordoned by {self.by} since {self.since}"

    def block(self) -> str:
        lines = {"by": self.by, "since": self.since, "left": " ".join(self.left)}
        return "<!-- proxmox-mpc cordon\n" + "\n".join(f"{name}: {value}" for name, value in lines.items()) + "\n-->"


def split(notes: str) -> tuple[str, Cordon | None]:
    """A node's own notes, and the cordon in them."""
    match = _BLOCK.search(notes)
    if match is None:
        return notes.strip("\n"), None
    own = (notes[: match.start()] + "\n" + notes[match.end() :]).strip("\n")
    pairs = dict(line.split(": ", 1) for line in match[1].splitlines() if ": " in line)
    return own, Cordon(pairs.get("by", ""), pairs.get("since", ""), tuple(pairs.get("left", "").split()))


def joined(own: str, cordon: Cordon | None) -> str:
    """Notes with this cordon in place of any other."""
    return "\n\n".join(filter(None, [own, cordon.block() if cordon else ""]))


def of(config: Mapping[str, Any]) -> Cordon | None:
    """The cordon in a node's configuration."""
    return split(str(config.get("description") or ""))[1]


def hidden(config: dict[str, Any]) -> dict[str, Any]:
    """A node's configuration without the cordon in its notes."""
    own = split(str(config.get("description") or ""))[0]
    rest = {name: value for name, value in config.items() if name != "description"}
    return {**rest, "description": own} if own else rest


def kept(config: Mapping[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """What is written to a node's configuration, with the cordon that is in it: other notes do not end it."""
    gone = [name for name in params.get("delete", ()) if name != "description"]
    cordon, is_said = of(config), "description" in params or len(gone) < len(params.get("delete", ()))
    if cordon is None or not is_said:
        return params
    rest = {name: value for name, value in params.items() if name != "delete"} | ({"delete": gone} if gone else {})
    return {**rest, "description": joined(str(params.get("description", "")), cordon)}


async def read(view: View, nodes: Iterable[str]) -> dict[str, Cordon | None]:
    """The cordons of these nodes; none of a node that this login must not look at."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(node: str) -> Cordon | None:
        async with places:
            try:
                return of(await view.pve.get(CONFIG, {"node": node}) or {})
            except DeniedError:
                return None

    nodes = list(nodes)
    found = await asyncio.gather(*(view.once(f"cordon of {node}", partial(one, node)) for node in nodes))
    return dict(zip(nodes, found, strict=True))


async def closed(view: View, nodes: Iterable[str]) -> dict[str, str]:
    """Those of the nodes that shall get no guests, with the reason."""
    cordons, resting = await asyncio.gather(read(view, nodes), maintained(view))
    found = {node: f"is {cordon}" for node, cordon in cordons.items() if cordon is not None}
    return found | dict.fromkeys(resting & cordons.keys(), "is in maintenance mode")


async def maintained(view: View) -> frozenset[str]:
    """The nodes that the HA manager has in maintenance mode."""

    async def look() -> frozenset[str]:
        try:
            answer = await view.pve.get(_HA)
        except DeniedError:
            return frozenset()
        states = (answer.get("manager_status") or {}).get("node_status") or {}
        return frozenset(node for node, state in states.items() if state == _MAINTENANCE)

    found: frozenset[str] = await view.once("nodes in maintenance", look)
    return found


async def write(run: Run, node: str, cordon: Cordon | None) -> None:
    """Cordon a node, or end that; nothing is sent where its notes say so already."""
    async with run.lane(f"file:/nodes/{node}/config"):
        config = await run.view.pve.get(CONFIG, {"node": node}) or {}
        own, before = split(str(config.get("description") or ""))
        if before == cordon:
            return
        text = joined(own, cordon)
        params: dict[str, Any] = {"description": text} if text else {"delete": ["description"]}
        params |= {"digest": config["digest"]} if config.get("digest") else {}
        title = f"{'cordon' if cordon else 'uncordon'} {node}"
        await run.call("PUT", CONFIG, {"node": node, **params}, title=title)
    run.view.forget(f"cordon of {node}")
