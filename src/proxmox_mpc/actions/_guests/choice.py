"""Which guests a person means: by names, by selectors, or by the manifests that declare them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field

from proxmox_mpc.actions._action import Request
from proxmox_mpc.actions._planning import ManifestText, load
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import Sees, sight
from proxmox_mpc.actions.get import GetRequest, NoSuchObject, is_named, select
from proxmox_mpc.applications.ownership import owned_by_key
from proxmox_mpc.engine.observe import Ambiguous, NodeOffline, observe
from proxmox_mpc.engine.policies import Policies
from proxmox_mpc.errors import MpcError, UsageError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._guest import GuestDriver
from proxmox_mpc.kinds._guest_ha import holder
from proxmox_mpc.kinds._guest_rows import fresh_rows
from proxmox_mpc.kinds._index import MODULES
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, Key, Kind, Live, Owned
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.engine.observe import Sighting

GUESTS = ("VirtualMachine", "Container")
TEMPLATES = "VirtualMachineTemplate"


class AgreedRequest(Request):
    """Whether what is to be done to guests was agreed to."""

    settled: bool = Field(False, description="What earlier runs left open was looked at already.")
    dry_run: bool = Field(False, description="Only say what would be done.")
    agreed: str = Field(
        "", description="Hash of what was shown and confirmed; without it, what is asked is only shown."
    )


class GuestsRequest(AgreedRequest):
    """Which guests, and whether it was agreed to."""

    kind: str = Field("", description="A word for a kind of guests, such as vm or ct; any when empty.")
    guests: list[str] = Field([], description="Names or VMIDs, also as KIND/NAME or NAMESPACE/NAME.")
    namespace: str = Field("", description="Only this namespace.")
    selector: str = Field("", description="Labels that must match.")
    field_selector: str = Field("", description="Facts that must match: status=running, node=pve1.")
    everything: bool = Field(False, description="All guests.")
    texts: list[ManifestText] = Field([], description="Manifests: the guests that they declare are meant.")
    application: str = Field("default", description="The application of these manifests.")


@dataclass(frozen=True)
class Guest:
    """A guest that is meant, as its node knows it by now; `error` is why it could not be looked at.

    `named` tells one that a person named from those that a selector found. `owned` is what the store remembers of it,
    `held` what is declared of its HA resource.
    """

    kind: Kind
    live: Live
    named: bool = True
    word: str = ""
    application: str = ""
    owned: Owned | None = None
    held: Fields = field(default_factory=dict)
    error: MpcError | None = None

    @property
    def driver(self) -> GuestDriver:
        assert isinstance(self.kind.driver, GuestDriver)
        return self.kind.driver

    @property
    def vmid(self) -> int:
        return int(self.live.identity["vmid"])

    @property
    def declared(self) -> Fields:
        """What its application declares."""
        return (self.owned.applied if self.owned else None) or {}

    @property
    def is_protected(self) -> bool:
        """Whether its manifest says that its data is never destroyed."""
        return Policies.of(None, self.owned, self.live).protected

    def overrules(self, path: str, value: Value) -> str:
        """What to say where an application declares another value of a field."""
        wish = self.declared.get(path, value)
        if self.kind.schema.same(path, wish, value):
            return ""
        return self._declares(f"{path}: {self.kind.schema.show(path, wish)}", self.application)

    def overrules_ha(self, state: str) -> str:
        """The same for the state in which its HA resource shall be."""
        return "" if self.held.get("state", state) == state else self._declares(f"HA state: {self.held['state']}", "")

    def _declares(self, what: str, application: str) -> str:
        who = f"application {application}" if application else "a manifest"
        return f"{who} declares {what}; the next apply sets it back: change the manifest"


def is_guest_kind(word: str) -> bool:
    """Whether a word means a kind of guests."""
    return MODULES.get(word.lower()) in {MODULES[kind.lower()] for kind in (*GUESTS, TEMPLATES)}


async def choose(session: Session, view: View, request: GuestsRequest, *, templates: bool = False) -> list[Guest]:
    """The guests that are meant, each looked at on its node; templates only where a verb is for them, too.

    Raises UsageError where nothing says which, NoSuchObject for a name that nobody has, Ambiguous for one that several
    have.
    """
    kinds, sees = _kinds(request, templates), await sight(session)
    selects = bool(request.selector or request.field_selector or request.everything)
    if request.texts:
        found = await _declared(session, view, request, kinds)
    elif request.guests and selects:
        raise UsageError("names and selectors exclude each other", hint="name the guests, or select them")
    elif request.guests:
        found = await _named(view, request, kinds, sees)
    elif selects or request.namespace:
        wanted = GetRequest(
            kind="guests",
            namespace=request.namespace,
            selector=request.selector,
            field_selector=request.field_selector,
        )
        found = [(kind, live) for kind, lives in (await _rows(view, kinds)).items() for live in select(lives, wanted)]
    else:
        raise UsageError("nothing says which guests", hint="name them, or: -l SELECTOR, -n NAMESPACE, -f FILE, --all")
    found = [(kind, live) for kind, live in found if sees(live.key.namespace)]
    return await _look(view, found, named=bool(request.guests))


async def all_that(view: View, is_meant: Callable[[Live], bool]) -> list[Guest]:
    """All guests and templates of which this holds, those that were just made included, each looked at on its node."""
    rows = await _rows(view, [find_kind(word) for word in (*GUESTS, TEMPLATES)], anew=True)
    found = [(kind, live) for kind, lives in rows.items() for live in lives if is_meant(live)]
    return await _look(view, found, named=False)


async def of_vmid(view: View, vmid: int) -> Guest:
    """The guest or template that has this VMID. Raises why it cannot be looked at."""
    rows = await _rows(view, [find_kind(word) for word in (*GUESTS, TEMPLATES)])
    found = [(kind, live) for kind, lives in rows.items() for live in lives if live.identity["vmid"] == vmid]
    (guest,) = await _look(view, found, named=True)
    if guest.error is not None:
        raise guest.error
    return guest


def _kinds(request: GuestsRequest, templates: bool) -> list[Kind]:
    if request.kind and not is_guest_kind(request.kind):
        raise UsageError(f"a {find_kind(request.kind).name} is no guest", hint="guests are vm and ct")
    known = [find_kind(request.kind)] if request.kind else [find_kind(word) for word in GUESTS]
    return [*known, *([find_kind(TEMPLATES)] if templates and request.kind in ("", *_words("vm")) else [])]


def _words(word: str) -> tuple[str, ...]:
    return find_kind(word).names


async def _rows(view: View, kinds: Sequence[Kind], *, anew: bool = False) -> dict[Kind, list[Live]]:
    """Guests by kind; `anew` asks the nodes, which know those that were just made (facts.md 20)."""
    if anew:
        fresh = await fresh_rows(view)
        view.forget_all()
        await view.once("resources", lambda: _with(view, fresh))
    return {kind: await kind.driver.rows(view) for kind in kinds}


async def _with(view: View, fresh: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = await view.pve.get("/cluster/resources")
    known = {row.get("vmid") for row in rows}
    return [*rows, *(row for row in fresh if row["vmid"] not in known)]


async def _named(view: View, request: GuestsRequest, kinds: Sequence[Kind], sees: Sees) -> list[tuple[Kind, Live]]:
    known, asked_nodes = await _rows(view, kinds), False
    found: dict[int, tuple[Kind, Live]] = {}
    for word in dict.fromkeys(request.guests):
        hits = _meant(word, known, request.namespace, sees)
        if not hits and not asked_nodes:
            known, asked_nodes = await _rows(view, kinds, anew=True), True
            hits = _meant(word, known, request.namespace, sees)
        if not hits:
            raise _missing(word, request, kinds)
        if len(hits) > 1:
            ids = ", ".join(f"{kind.short[0]}/{live.identity['vmid']} ({live.key.label})" for kind, live in hits)
            hint = "write one of these, or its VMID alone"
            raise Ambiguous(f"{word!r} could be {len(hits)} guests: {ids}", hint=hint)
        found[int(hits[0][1].identity["vmid"])] = hits[0]
    return list(found.values())


def _meant(word: str, known: Mapping[Kind, Sequence[Live]], namespace: str, sees: Sees) -> list[tuple[Kind, Live]]:
    prefix, _, rest = word.partition("/")
    if rest and is_guest_kind(prefix):
        kind = find_kind(prefix)
        known, word = {one: lives for one, lives in known.items() if one is kind}, rest
    return [
        (kind, live)
        for kind, lives in known.items()
        for live in lives
        if is_named(live, word) and namespace in ("", live.key.namespace) and sees(live.key.namespace)
    ]


def _missing(word: str, request: GuestsRequest, kinds: Sequence[Kind]) -> NoSuchObject:
    what = find_kind(request.kind).name if request.kind else "guest"
    where = f" in namespace {request.namespace}" if request.namespace else ""
    hint = "; ".join(f"proxmox-cli get {kind.plural}" for kind in kinds)
    return NoSuchObject(f"there is no {what} {word!r}{where}", hint=f"these list them: {hint}")


async def _declared(
    session: Session, view: View, request: GuestsRequest, kinds: Sequence[Kind]
) -> list[tuple[Kind, Live]]:
    resources, _ = await load(session, request.texts, request.namespace or DEFAULT_NAMESPACE, with_secrets=False)
    names = {kind.name: kind for kind in kinds}
    wanted = [resource for resource in resources if resource.key.kind in names]
    if not wanted:
        files = ", ".join(text.name for text in request.texts)
        raise UsageError(f"no guest is declared in {files}", hint="a VirtualMachine, a Container or a GuestSet")
    owned = await owned_by_key(await session.store(), (await session.context()).name)
    seen = await observe(view, find_kind, wanted, owned, request.application)
    if gone := [str(key) for key, sighting in seen.items() if sighting.live is None]:
        raise NoSuchObject(f"not on the cluster: {', '.join(gone)}", hint="apply these manifests first")
    return [(names[key.kind], live) for key, live in _lives(seen)]


def _lives(seen: Mapping[Key, Sighting]) -> Iterable[tuple[Key, Live]]:
    return ((key, sighting.live) for key, sighting in seen.items() if sighting.live is not None)


async def _look(view: View, found: Sequence[tuple[Kind, Live]], *, named: bool) -> list[Guest]:
    """These guests, each from its node: what bulk rows say of power is some seconds old."""
    remembered, offline = await view.remembered(), await view.offline()
    names = [live.key.name for _, live in found]

    async def look(kind: Kind, live: Live) -> Guest:
        assert isinstance(kind.driver, GuestDriver)
        error: MpcError | None = None
        try:
            if live.identity["node"] in offline:
                raise NodeOffline(f"is on {live.identity['node']}, which is offline", hint="bring the node back first")
            live = await kind.driver.reread(view, live)
        except MpcError as problem:
            error = problem
        vmid = live.identity["vmid"]
        word = live.key.name if names.count(live.key.name) == 1 else str(vmid)
        owned = _owned(live, remembered)
        held = remembered.get(holder(kind.name, vmid))
        application = live.mark.application if live.mark else owned.application if owned else ""
        return Guest(kind, live, named, word, application, owned, (held.applied if held else None) or {}, error)

    guests = await asyncio.gather(*(look(kind, live) for kind, live in found))
    return sorted(guests, key=lambda guest: (guest.live.key.namespace, guest.live.key.name, guest.vmid))


def _owned(live: Live, remembered: Mapping[Key, Owned]) -> Owned | None:
    """What the store remembers of this very guest."""
    vmid, known = live.identity["vmid"], remembered.get(live.key)
    if known is not None and known.identity.get("vmid") == vmid:
        return known
    if live.mark is not None:
        return None
    # Its mark is gone, and its name may be, too: restored from before it was owned, or made a template by hand.
    kinds = (*GUESTS, TEMPLATES)
    return next((o for key, o in remembered.items() if key.kind in kinds and o.identity.get("vmid") == vmid), None)
