"""What the store holds, as frozen values. Times are aware and in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from proxmox_mpc.store.errors import SecretUnreadable

RevisionStatus = Literal["pending", "deployed", "failed", "superseded", "uninstalled"]
RunStatus = Literal["running", "succeeded", "failed", "interrupted"]
EntryState = Literal["sending", "accepted", "done", "failed", "unknown"]
ResourceType = Literal["guest", "node", "storage"]
Change = Literal["created", "updated", "deleted", "discovered"]


SIGN_OF_LIFE_S = 20.0
"""How often a process at work says that it lives; often enough for its death to be noticed soon, seldom enough."""


@dataclass(frozen=True)
class Context:
    """One PVE cluster: its endpoints, who logs in (user or token), and what its certificate is trusted for.

    `ca` is PEM text, `fingerprint` the SHA-256 of the certificate; secrets are encrypted in the store.
    """

    name: str
    endpoints: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token_id: str | None = None
    token_secret: str | None = field(default=None, repr=False)
    ca: str | None = None
    fingerprint: str | None = None
    insecure: bool = False
    unreadable: SecretUnreadable | None = field(default=None, compare=False)
    """Why its secrets cannot be read here, where that is so: then it has none."""


@dataclass(frozen=True)
class Application:
    """A named set of resources on a context, with the number and status of its newest revision."""

    context: str
    name: str
    created_at: datetime
    revision: int
    status: RevisionStatus


@dataclass(frozen=True)
class Revision:
    """One apply of an application: from which manifests, by which plan, with what result.

    `manifests` are encrypted in the store, for they may hold secrets; `plan` and `result` are not and must
    not.
    """

    context: str
    application: str
    number: int
    created_at: datetime
    actor: str
    status: RevisionStatus
    source: str = ""
    manifests: list[dict[str, Any]] = field(default_factory=list, repr=False)
    plan: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True)
class Release:
    """What a chart made a revision of: `chart` names it (name, version, appVersion) and is shown in lists.

    `content` is all that further revisions, hooks and tests need; it is encrypted, for values may be secrets.
    """

    application: str
    number: int
    chart: dict[str, str]
    content: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """The chart as lists show it: web-tier-1.0.0."""
        return f"{self.chart['name']}-{self.chart['version']}"


@dataclass(frozen=True)
class ChartRepository:
    """A repository that charts are found in, by the name that users give it. `index` is its last index.yaml."""

    name: str
    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    index: str = field(default="", repr=False)
    fetched_at: datetime | None = None


@dataclass(frozen=True)
class OwnedResource:
    """A resource that an application owns: what it is on the cluster, and what was last applied (path → value).

    `applied` is None for one that is being made: it was noted before the request that makes it was sent.
    """

    context: str
    kind: str
    namespace: str
    name: str
    uid: str
    application: str
    identity: Mapping[str, Any]
    applied: Mapping[str, Any] | None
    updated_at: datetime


@dataclass(frozen=True)
class SavedPlan:
    """A plan that was made and may be applied until it expires, found by its hash; it holds no secrets."""

    hash: str
    context: str
    application: str
    actor: str
    content: dict[str, Any]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class QuietPlan:
    """An empty plan: a fingerprint of the wish and of all that the store knew, the paths that were read with a
    fingerprint of their answers, and the plan as it was shown."""

    context: str
    application: str
    wish: str
    reads: list[list[Any]]
    answers: str
    shown: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One process at work on an application: who, where, since when, and how it ended.

    `sealed_request` is what was asked for, encrypted; `seen_at` when the process last gave a sign of life; `job` is the
    job that it is part of.
    """

    id: str
    context: str
    application: str
    verb: str
    actor: str
    pid: int
    host: str
    started_at: datetime
    status: RunStatus
    plan_hash: str = ""
    ended_at: datetime | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    sealed_request: str = field(default="", repr=False)
    seen_at: datetime | None = None
    job: str = ""


@dataclass(frozen=True)
class JournalEntry:
    """One request of a run, written before it is sent (`sending`) and after it was `accepted`, with its task."""

    run_id: str
    seq: int
    step: str
    resource: str
    method: str
    path: str
    state: EntryState
    upid: str
    error: str
    at: datetime


@dataclass(frozen=True)
class Event:
    """Something that happened to a resource, for people to read."""

    context: str
    at: datetime
    type: str
    reason: str
    kind: str
    namespace: str
    name: str
    message: str
    actor: str


@dataclass(frozen=True)
class Snapshot:
    """How a guest, node or storage was when a change was seen; `checksum` is the SHA-256 of its canonical JSON."""

    context: str
    resource_type: ResourceType
    resource_id: str
    at: datetime
    change: Change
    state: dict[str, Any] | None
    checksum: str


@dataclass(frozen=True)
class Baseline:
    """A drift that somebody accepted: this value of a field, until it changes again or `expires_at` passes.

    An empty `path` stands for the whole object, which is missing; its value is None.
    """

    context: str
    kind: str
    namespace: str
    name: str
    path: str
    application: str
    value: Any
    reason: str
    actor: str
    at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Reservation:
    """A VMID that one owner holds until it is used, released, or `expires_at` passes."""

    context: str
    vmid: int
    owner: str
    expires_at: datetime
