"""One request on its way through the pipeline, as the answering functions see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from proxmox_mpc.simulator import _permissions, _tasks
from proxmox_mpc.simulator._routes import Method, Routes
from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.cluster import Cluster, Node


@dataclass(frozen=True)
class Upload:
    """A file that came with the request. `size` in bytes; `sums` gives its checksums by algorithm."""

    filename: str
    body: bytes

    @property
    def size(self) -> int:
        return len(self.body)


@dataclass(frozen=True)
class PlainText:
    """An answer that is a text file instead of JSON."""

    text: str


@dataclass(frozen=True)
class Socket:
    """An answer that is a websocket where the request asks for one, and `data` where it does not."""

    data: Any
    serve: Callable[[web.WebSocketResponse], Awaitable[None]]


@dataclass
class Call:
    """A checked request: parameters as text (lists where the API says array), the user, the state.

    `beside` is put next to `data` in the answer (`total`, `changes`).
    """

    cluster: Cluster
    routes: Routes
    method: Method
    params: dict[str, Any]
    user: str
    upload: Upload | None = None
    beside: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        return str(self.params.get(name, default))

    def number(self, name: str, default: int = 0) -> int:
        return int(self.params.get(name, default))

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self.params[name] == "1") if name in self.params else default

    def items(self, name: str) -> list[str]:
        """A list parameter, taken apart."""
        value = self.params.get(name, "")
        return list(value) if isinstance(value, list) else split_list(value)

    @property
    def node(self) -> Node:
        """The node of the path. Raises PVE's error for a name that is not one."""
        if self.params["node"] not in self.cluster.nodes:
            self.cluster.reach(self.params["node"])
        return self.cluster.nodes[self.params["node"]]

    @property
    def vmid(self) -> int:
        return int(self.params["vmid"])

    @property
    def is_root(self) -> bool:
        """root@pam with a ticket; a token of root is not root (auth-tokens, 9.1)."""
        return self.user == _permissions.ROOT

    def may(self, path: str, *wanted: str) -> bool:
        """Has the user any of the privileges on the path?"""
        return _permissions.allows(self.cluster, self.user, path, wanted, any_of=True)

    def need(self, path: str, *wanted: str, any_of: bool = False) -> None:
        """Raise 403 unless the user has the privileges on the path."""
        _permissions.check(self.cluster, self.user, path, wanted, any_of=any_of)

    def fork(self, kind: str, name: object, work: _tasks.Job, node: str = "") -> str:
        """Start a task and answer its UPID."""
        where = node or str(self.params.get("node") or next(iter(self.cluster.nodes)))
        return _tasks.start(self.cluster, where, kind, str(name), self.user, work)

    def given(self, names: Sequence[str]) -> dict[str, str]:
        """Those of the named parameters that were sent."""
        return {name: self.params[name] for name in names if name in self.params}
