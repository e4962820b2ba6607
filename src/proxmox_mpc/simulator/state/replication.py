"""What is remembered of a replication job's runs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ReplicationRun:
    """Moments in seconds since 1970; `wanted_at` when somebody asked for a run; `pid` while one is under way."""

    since: float
    wanted_at: float | None = None
    last_try: float = 0.0
    last_sync: float = 0.0
    duration: float = 0.0
    fail_count: int = 0
    error: str = ""
    pid: int = 0
    log: list[str] = field(default_factory=list)
