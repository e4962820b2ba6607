"""Tasks: what runs in the background, its log, and how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_UPID = re.compile(
    r"UPID:(?P<node>[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?):(?P<pid>[0-9A-Fa-f]{8}):(?P<pstart>[0-9A-Fa-f]{8,9}):"
    r"(?P<starttime>[0-9A-Fa-f]{8}):(?P<type>[^:\s]+):(?P<id>[^:\s]*):(?P<user>[^:\s]+):"
)


@dataclass
class Task:
    """One task. `status` is None while it runs, then `OK`, `WARNINGS: n` or the error; times in seconds since 1970.

    `work_s` is how long its work lasts on hardware, at whatever scale of time it was done.
    """

    upid: str
    node: str
    pid: int
    pstart: int
    starttime: int
    type: str
    id: str
    user: str
    status: str | None = None
    endtime: int = 0
    work_s: float = 0.0
    log: list[str] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """The user without a token's name."""
        return self.user.partition("!")[0]

    @property
    def token(self) -> str:
        return self.user.partition("!")[2]

    @property
    def is_ok(self) -> bool:
        return self.status == "OK" or (self.status or "").startswith("WARNINGS:")


def upid(node: str, pid: int, pstart: int, starttime: int, kind: str, name: str, user: str) -> str:
    return f"UPID:{node}:{pid:08X}:{pstart:08X}:{starttime:08X}:{kind}:{name}:{user}:"


def parse_upid(text: str) -> Task | None:
    """What a UPID says by itself, or None when it is none."""
    found = _UPID.fullmatch(text)
    if not found:
        return None
    return Task(
        text, found["node"], int(found["pid"], 16), int(found["pstart"], 16), int(found["starttime"], 16),
        found["type"], found["id"], found["user"],
    )  # fmt: skip
