"""Which PVE a cluster runs, and which table of facts fits it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.pve.errors import UnexpectedAnswer


@dataclass(frozen=True)
class Version:
    """`release` as the cluster says it (`9.1.7`), and `facts`: the table to check requests against."""

    release: str
    major: int
    minor: int
    facts: str

    @classmethod
    def parse(cls, release: str) -> Version:
        """From `9.1.7`, or as 6.x wrote it `6.2-4`; `UnexpectedAnswer` for anything else."""
        match = re.match(r"(\d{1,4})\.(\d{1,4})", release)
        if not match:
            raise UnexpectedAnswer(f"the cluster's version {release[:40]!r} is not one")
        major, minor = int(match[1]), int(match[2])
        return cls(release, major, minor, "9.1" if major >= 9 else "8.4")

    @classmethod
    def from_answer(cls, data: Any) -> Version:
        """From the answer to `GET /version`."""
        release = data.get("version") if isinstance(data, dict) else None
        if not isinstance(release, str):
            raise UnexpectedAnswer("the cluster does not tell its version")
        return cls.parse(release)

    def __str__(self) -> str:
        return self.release
