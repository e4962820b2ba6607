"""What a kind is: the contract between the engine, which knows no kind, and the kinds, which know no engine.

A kind declares its names, its spec and its columns, and brings a driver. The driver finds what lives on the cluster,
completes what a manifest left open, and carries out creation, change and deletion through a `Run`, which journals each
request before it is sent. Drivers decide nothing about *whether* something may happen: costs are declared, gates are
the engine's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import InvalidInput, Place
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._schema import Schema

if TYPE_CHECKING:
    from pydantic import BaseModel

    from proxmox_mpc.kinds._driver import Driver
    from proxmox_mpc.kinds._mark import Mark
    from proxmox_mpc.kinds._membership import Membership
    from proxmox_mpc.kinds._stage import Stage
    from proxmox_mpc.kinds._view import View

DEFAULT_NAMESPACE = "default"
API_VERSION = "proxmox.io/v1"
NAME, NAMESPACE = "metadata.name", "metadata.namespace"
"""Two fields of a guest that its manifest writes in `metadata`: its own name, and the pool that is its namespace."""
CONVERTED = "metadata.template"
"""A field of templates of guests: whether it is one already, and no guest any more."""
REPLACES = "replaces"
"""A choice of what takes another object's place: the identity of that object."""
SET = "metadata.set"
"""A field of every replica: the set that it is one of. It is remembered, and stands nowhere on the cluster."""
SUMMARY = "summary"
"""A fact of what holds others: how those are, in a few words."""
LOCK = "lock"
"""A fact of guests: what keeps others from changing them for now, such as a backup."""
HALF_MADE = frozenset({"create", "clone"})
"""Locks that PVE holds while a guest is being made; one that outlives its task was cut off (a node lost its power)."""
UNKNOWN_KEYS = "unknownKeys"
"""A fact of guests: keys of their config that the API of this version does not take, such as raw LXC lines."""


@dataclass(frozen=True, order=True)
class Key:
    """What a resource is called: unique per context. Cluster-wide kinds have an empty namespace."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"

    @property
    def label(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Resource:
    """A resource as a manifest wants it.

    `place` finds the manifest's line for a path. Secrets stand apart from `fields`, which hold their fingerprints.
    `choices` are what the driver decided where the manifest left it open (the node, the template's VMID), `reasons` why
    it did, `remarks` what people have to know of it. `unknown` are fields whose secret the manifest only names, and the
    store does not have: they stay as they are.
    """

    key: Key
    spec: BaseModel
    fields: Fields
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict)
    place: Callable[[str], Place | None] = lambda path: None
    choices: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    member: Membership | None = None

    def invalid(self, path: str, message: str, hint: str = "") -> InvalidInput:
        """The error for a field of this resource, at its place in the manifest."""
        return InvalidInput(f"{self.key}: {path}: {message}", hint=hint, place=self.place(path))


@dataclass(frozen=True)
class Live:
    """A resource as the cluster has it.

    `identity` is what the API knows it by (`{"vmid": 100, "node": "pve1"}`), `facts` what is shown but not declared
    (status, uptime, usage), `mark` the ownership mark that it carries, `digest` the state that was read.
    """

    key: Key
    identity: Mapping[str, Any]
    fields: Fields
    facts: Mapping[str, Any] = field(default_factory=dict)
    mark: Mark | None = None
    digest: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
    current: Mapping[str, Any] = field(default_factory=dict)
    """Of a guest that runs: the config that it runs with; `raw` holds what waits for its next start, too."""


@dataclass(frozen=True)
class Change:
    """One field that differs. `old` or `new` is None where there is none; a removed list item is one change."""

    path: str
    old: Value | None
    new: Value | None
    impact: Impact = Impact.NONE
    note: str = ""
    detaches: bool = False
    """Whether a volume is taken off: it is kept, unless this change's impact says data loss."""
    reason: str = ""
    """What the impact is due to, where it is not the same for every object."""
    waits: tuple[str, ...] = ()
    """What of it waits for a guest's next start, by the API's names."""
    written: bool = False
    """Whether it is written already, and only a restart is missing."""

    @property
    def restarts(self) -> bool:
        """Whether the object is restarted for it."""
        return self.impact is Impact.RESTART or (self.impact > Impact.RESTART and bool(self.waits))


@dataclass(frozen=True)
class Hit:
    """A guest that a change disturbs: `how`, with what impact (none where it stays up), and what is served by it."""

    guest: str
    vmid: int
    impact: Impact
    how: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """A task that is proven to have made a change: its UPID and type, who began it, and when."""

    upid: str
    type: str
    user: str
    at: datetime


@dataclass(frozen=True)
class Need:
    """Something that must exist before a resource does; `path` is the field that says so.

    An `implied` one is made where it is missing: a namespace's pool. One `among` the objects of these kinds must be
    there or be declared: PVE refuses it else, or it can only be a mistake. Of others, PVE takes the bare name.
    """

    key: Key
    path: str
    implied: bool = False
    among: tuple[str, ...] = ()

    @classmethod
    def firm(cls, kind: str, name: object, path: str) -> Need:
        """One that must be there."""
        return cls(Key(kind, "", str(name)), path, among=(kind,))


@dataclass(frozen=True)
class Mistake:
    """Fields that cannot go together: where to point, why not, and what to write instead."""

    path: str
    message: str
    hint: str


@dataclass(frozen=True)
class Column:
    """One column of `get`: a title and how it is read; `wide` ones stand only in `-o wide`."""

    title: str
    read: Callable[[Live], Any]
    wide: bool = False
    right: bool = False

    @classmethod
    def name(cls) -> Column:
        """What the object is called."""
        return cls("NAME", lambda live: live.key.name)

    @classmethod
    def of(cls, title: str, path: str, default: Value = "", *, wide: bool = False) -> Column:
        """A field; lists with commas."""

        def read(live: Live) -> Any:
            value = live.fields.get(path, default)
            return ",".join(value) if isinstance(value, list) else value

        return cls(title, read, wide)

    @classmethod
    def count(cls, title: str, path: str) -> Column:
        """How many there are in a list."""

        def read(live: Live) -> Any:
            value = live.fields.get(path, [])
            return len(value) if isinstance(value, list) else 1

        return cls(title, read, right=True)

    @classmethod
    def on(cls, path: str, *, inverted: bool = False) -> Column:
        """Whether it is in use: a field that says so, or one that says that it is not."""

        def read(live: Live) -> str:
            value = bool(live.fields.get(path, inverted is False))
            return "yes" if value is not inverted else "no"

        return cls("ENABLED", read)


@dataclass(frozen=True)
class Owned:
    """What the store remembers of a resource: who owns it, what it is on the cluster, what was last applied.

    `applied` is None as long as it is being made: it is remembered before the request that makes it is sent.
    """

    key: Key
    uid: str
    application: str
    identity: Mapping[str, Any]
    applied: Fields | None


async def _by_nothing(view: View, live: Live) -> Sequence[Key]:
    return ()


@dataclass(frozen=True)
class Kind:
    """One kind: its names, its spec, its columns, and the driver that reads and writes it."""

    name: str
    plural: str
    short: tuple[str, ...]
    model: type[BaseModel]
    driver: Driver
    columns: tuple[Column, ...]
    namespaced: bool = False
    see_also: str = ""
    """The plural of a kind that people may mean instead."""
    within: str = ""
    """The form of names that begin with a guest's: `GUEST/SNAPSHOT`. The guest is one of the object's namespace."""
    ignored: frozenset[str] = frozenset()
    made_by_server: frozenset[str] = frozenset()
    deletion: Impact = Impact.NONE
    """What deleting an object costs."""
    undeletable: str = ""
    """Why the API cannot delete an object, and what can: it is given up instead. Empty for nearly all kinds."""
    needs: Callable[[Resource], Sequence[Need]] = lambda resource: ()
    held_by: Callable[[View, Live], Awaitable[Sequence[Key]]] = _by_nothing
    """What an object cannot be deleted without: it has to go before, or in the same plan."""
    guard: Callable[[Live, Sequence[Change]], str] = lambda live, changes: ""
    """Why PVE itself would refuse to destroy an object, or to take something off it with these changes."""
    provides: Callable[[Resource], Sequence[Key]] = lambda resource: (resource.key,)
    """The keys by which others may need this resource; an image is also known by its volume."""
    answers_to: Callable[[Live], Sequence[Key]] = lambda live: (live.key,)
    """The same for a live object."""
    mistakes: Callable[[Mapping[str, Value], bool], Iterable[Mistake]] = lambda fields, whole: ()
    """Contradictions between fields; what is missing counts only where they are the `whole` object."""
    identified_by: tuple[str, ...] = ()
    """Fields by which a manifest can name the very object: a guest's VMID."""
    options_of: tuple[str, str] | None = None
    """The method (verb and path) whose parameters `spec.options` may name."""
    root_only: frozenset[str] = frozenset()
    """Fields and list names that only root@pam may set, and no API token."""
    exported: Callable[[Live], bool] = lambda live: True
    """Whether an object is worth writing down: not what every cluster has by itself."""
    order: int = 0
    """Where references do not decide, lower comes first at creation and last at deletion."""
    example: str = ""
    stage: Callable[[Key], Stage] | None = None
    """Where what is written to an object waits until it is applied; an object that waits has the fact `waits`."""
    usual: Callable[[str, str], Impact] | None = None
    """What a change of a parameter, or of a part of it, costs a running object that has nothing else set; of kinds
    whose changes cost what the object decides. Fields with an impact of their own are not asked for."""
    touches: Callable[[View, Live, Resource | None, Sequence[Change], bool], Awaitable[Sequence[Hit]]] | None = None
    """The guests that a change of an object disturbs, or its end (where the last argument is true)."""
    always_there: bool = False
    """Whether every cluster has its objects: settings, which are taken by declaring them, and reset when deleted."""
    tells_secret: bool = False
    """Whether the cluster tells a secret of an object once, when it makes it."""
    expand: Callable[[Resource], Iterable[tuple[Mapping[str, Any], Membership]]] | None = None
    """The manifests that a resource stands for besides itself: a set's replicas."""
    kept: bool = False
    """Whether only the store holds its objects, and the cluster knows nothing of them."""
    marked: bool = False
    """Whether the object itself can carry the ownership mark; else only the store knows its owner."""

    @cached_property
    def schema(self) -> Schema:
        return Schema(self.model, ignored=self.ignored, made_by_server=self.made_by_server, usual=self.usual)

    @property
    def names(self) -> tuple[str, ...]:
        """Every word by which the CLI knows the kind, in lower case."""
        return (self.name.lower(), self.plural, *self.short)

    def key(self, name: str, namespace: str = DEFAULT_NAMESPACE) -> Key:
        return Key(self.name, namespace if self.namespaced else "", name)
