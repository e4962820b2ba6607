"""What the store holds of work in the background, as frozen values. Times are aware and in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED: tuple[JobState, ...] = ("succeeded", "failed", "cancelled")
ATTEMPTS = 3
"""How often a job is begun: once, and again after its worker died or what it needs was away; then it has failed."""


@dataclass(frozen=True)
class NewJob:
    """What shall be done: an action with its request, for whom, on what, and under which conditions.

    `limits` is what the token that asked may at most; an empty `user_id` is the system itself. Of jobs with the same
    `concurrency_key` one runs at a time. Of each `due_at` of a schedule there is one job.
    """

    action: str
    request: Mapping[str, Any] = field(repr=False)
    actor: str
    user_id: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    context: str = ""
    subject: str = ""
    namespace: str = ""
    concurrency_key: str = ""
    priority: int = 0
    max_attempts: int = ATTEMPTS
    not_before: datetime | None = None
    deadline_at: datetime | None = None
    correlation: str = ""
    trace: str = ""
    schedule_id: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Job:
    """A job as it stands. Request and result are encrypted in the store, for both may hold secrets."""

    id: str
    action: str
    request: Mapping[str, Any] = field(repr=False)
    actor: str
    user_id: str
    limits: Mapping[str, Any]
    context: str
    subject: str
    namespace: str
    concurrency_key: str
    state: JobState
    priority: int
    attempt: int
    max_attempts: int
    created_at: datetime
    not_before: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deadline_at: datetime | None
    worker: str
    lease_until: datetime | None
    cancel_requested: bool
    progress: Mapping[str, Any]
    result: Mapping[str, Any] | None = field(repr=False)
    error: Mapping[str, Any] | None
    correlation: str
    trace: str
    schedule_id: str | None
    due_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Schedule:
    """An action that is run again and again: by a cron line in a zone, or each so many seconds."""

    id: str
    name: str
    action: str
    request: Mapping[str, Any] = field(repr=False)
    actor: str
    user_id: str
    limits: Mapping[str, Any]
    context: str
    cron: str
    interval_s: int
    zone: str
    grace_s: int
    enabled: bool
    next_at: datetime | None
    last_due_at: datetime | None
    last_error: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class NewMessage:
    """What is to be told in a room; who may hear it is decided by context and namespace."""

    room: str
    type: str
    payload: Mapping[str, Any]
    context: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Message:
    """What was told: numbers rise in the order in which messages become visible, so a reader misses none."""

    id: int
    at: datetime
    room: str
    type: str
    context: str
    namespace: str
    payload: Mapping[str, Any]
