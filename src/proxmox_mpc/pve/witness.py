"""What was read of a cluster, as one fingerprint: the same as long as every answer says the same.

Values that change by themselves (load, traffic, uptime) do not count, and neither does the order of keys and rows:
PVE's own order is another one in each of its processes (JSON of Perl hashes, 9.1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proxmox_mpc.pve.answers import Reply
from proxmox_mpc.pve.request import Request

_READINGS = frozenset(
    "cpu mem memhost uptime disk diskread diskwrite netin netout freemem pid"
    " pressurecpufull pressurecpusome pressureiofull pressureiosome pressurememoryfull pressurememorysome".split()
)
"""Readings of a moment, in the bulk rows and in a guest's status; everywhere else each value counts."""
_TOLD_BY_READING = ("/cluster/resources", "/status/current")
_NAMES = ("id", "key", "vmid", "node", "name", "upid")
_text: Callable[[Any], str] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass
class Witness:
    """Sees every read of a connection. It is of no use once one failed, or something was written."""

    requests: dict[str, Request] = field(default_factory=dict)
    is_whole: bool = True
    _answers: dict[str, str] = field(default_factory=dict)

    def saw(self, request: Request, reply: Reply) -> None:
        if not request.reading:
            self.is_whole = False
            return
        name = f"{request.path}?{request.encoded()}"
        self.requests[name] = request
        self._answers[name] = _text([_steady(request.path, reply.data), reply.extra])

    def missed(self) -> None:
        """A request failed: what it would have said is not known."""
        self.is_whole = False

    @property
    def fingerprint(self) -> str:
        whole = hashlib.sha256()
        for name in sorted(self._answers):
            whole.update(f"{name}\n{self._answers[name]}\n".encode())
        return whole.hexdigest()


def _steady(path: str, data: Any) -> Any:
    if path.endswith(_TOLD_BY_READING):
        data = [_lasting(row) for row in data] if isinstance(data, list) else _lasting(data)
    if isinstance(data, list) and data and isinstance(data[0], dict):
        name = next((name for name in _NAMES if name in data[0]), "")
        return sorted(data, key=lambda row: str(row.get(name, "")))
    return data


def _lasting(row: Any) -> Any:
    return {name: value for name, value in row.items() if name not in _READINGS} if isinstance(row, dict) else row
