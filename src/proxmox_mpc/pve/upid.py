"""The name of a task."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxmox_mpc.errors import InvalidInput

# PVE/UPID: an id may be empty or hold an @, a user may be a token (root@pam!build).
_UPID = re.compile(
    r"UPID:(?P<node>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?):(?P<pid>[0-9A-Fa-f]{8}):(?P<pstart>[0-9A-Fa-f]{8,9})"
    r":(?P<starttime>[0-9A-Fa-f]{8}):(?P<type>[^:\s]+):(?P<id>[^:\s]*):(?P<user>[^:\s]+):"
)


@dataclass(frozen=True)
class Upid:
    """A task: where it runs, as which process, since when (Unix seconds), what it does, for whom."""

    node: str
    pid: int
    pstart: int
    starttime: int
    type: str
    id: str
    user: str

    @classmethod
    def parse(cls, text: str) -> Upid:
        """From `UPID:pve1:00000F71:…:qmcreate:100:root@pam:`; `InvalidInput` for anything else."""
        match = _UPID.fullmatch(text)
        if not match:
            raise InvalidInput(
                f"{text[:120]!r} is not a task", hint="Tasks are named UPID:NODE:…: see `proxmox-cli tasks`."
            )
        return cls(
            match["node"],
            int(match["pid"], 16),
            int(match["pstart"], 16),
            int(match["starttime"], 16),
            match["type"],
            match["id"],
            match["user"],
        )

    def __str__(self) -> str:
        numbers = f"{self.pid:08X}:{self.pstart:08X}:{self.starttime:08X}"
        return f"UPID:{self.node}:{numbers}:{self.type}:{self.id}:{self.user}:"
