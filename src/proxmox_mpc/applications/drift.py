"""Since when what is owned differs, who made it so, and which of it somebody accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from proxmox_mpc.applications.snapshots import since_status
from proxmox_mpc.engine.drift import Member
from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._kind import Change, Key, Kind, Trace
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.store import Application, Baseline, Event, Store

SEEN, ENDED = "drift-seen", "drift-ended"
"""Reasons of the events that remember when a difference was seen first, and that it was not seen any more."""
Field = tuple[Key, str]
"""A field of a resource; an empty path is the resource itself, which is missing."""


@dataclass(frozen=True)
class Difference:
    """One field that differs: the value that lives, what is known of its origin, and its acceptance, if any.

    It was as applied at `applied_at`, and differs since `seen_at` at the latest. `trace` is the task that is proven to
    have made it so; without one nobody knows.
    """

    change: Change
    applied_at: datetime
    seen_at: datetime
    trace: Trace | None = None
    accepted: Baseline | None = None

    @property
    def path(self) -> str:
        return self.change.path


@dataclass(frozen=True)
class Drifted:
    """A member, with all that differs of it; nothing does of one that is synced."""

    member: Member
    differences: tuple[Difference, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether all that differs was accepted."""
        return bool(self.differences) and all(one.accepted is not None for one in self.differences)


def differing(member: Member) -> Sequence[Change]:
    """What differs of a member: fields, or all of it."""
    return (Change("", None, None),) if member.state == "missing" else member.changes


async def accepted(store: Store, context: str) -> dict[Field, Baseline]:
    """What was accepted and has not expired, by field."""
    return {(Key(one.kind, one.namespace, one.name), one.path): one for one in await store.baselines.list(context)}


def holds(baseline: Baseline | None, value: Value | None) -> bool:
    """Whether it is this very value that was accepted."""
    return baseline is not None and baseline.value == value


async def examined(
    store: Store,
    context: str,
    view: View,
    kind_of: Callable[[str], Kind],
    application: Application,
    members: Sequence[Member],
    now: datetime,
) -> list[Drifted]:
    """These members of an application, with the origin and the acceptance of all that differs. Nothing is written."""
    if not any(differing(member) for member in members):
        return [Drifted(member) for member in members]
    as_applied = await _as_applied(store, context, application)
    episodes = await _episodes(store, context, members)
    baselines = await accepted(store, context)

    async def one(member: Member) -> Drifted:
        changes = differing(member)
        if not changes:
            return Drifted(member)
        since = as_applied[member.key]
        driver = kind_of(member.key.kind).driver
        traces = await driver.traces(view, member.owned, member.live, member.changes, since)
        found = []
        for change in changes:
            baseline, trace = baselines.get((member.key, change.path)), traces.get(change.path)
            event = episodes.get((member.key, _note(change)))
            seen = [event.at if event and event.at > since else now, *([trace.at] if trace else [])]
            if change.path == "state" and (at := await since_status(store, context, member.owned, str(change.old))):
                seen.append(at)
            first = max(since, min(seen))
            found.append(Difference(change, since, first, trace, baseline if holds(baseline, change.old) else None))
        return Drifted(member, tuple(found))

    return list(await asyncio.gather(*(one(member) for member in members)))


async def remember(store: Store, context: str, looked_at: Sequence[Member], actor: str) -> None:
    """Note what is seen to differ now and did not before, and what does not any more; and end what it ended.

    A baseline is of one value: once another one was seen, it is over, also when the old one comes back.
    """
    members = [member for member in looked_at if member.state != "unknown"]
    before = await _episodes(store, context, members)
    now = {(member.key, _note(change)) for member in members for change in differing(member)}
    keys = {member.key for member in members}
    for reason, notes in ((SEEN, now - before.keys()), (ENDED, {note for note in before if note[0] in keys} - now)):
        for key, message in sorted(notes):
            await store.events.add(
                context,
                type="Warning" if reason == SEEN else "Normal",
                reason=reason,
                kind=key.kind,
                namespace=key.namespace,
                name=key.name,
                message=message,
                actor=actor,
            )
    lives = {(member.key, change.path): change.old for member in members for change in differing(member)}
    baselines = await accepted(store, context)
    over = [one for at, one in baselines.items() if at[0] in keys and (at not in lives or lives[at] != one.value)]
    await store.baselines.delete(over)


async def notes(store: Store, plan: Plan) -> list[str]:
    """What a plan sets back although somebody accepted it: a baseline changes no plan."""
    baselines = await accepted(store, plan.context) if not plan.is_empty else {}
    lines = []
    for step in plan.work if baselines else ():
        for change in step.changes:
            baseline = baselines.get((step.key, change.path))
            if baseline is not None and holds(baseline, change.old):
                until = f" until {baseline.expires_at:%Y-%m-%d}" if baseline.expires_at else ""
                lines.append(
                    f"{step.key}: {change.path}: its drift is accepted{until}; an apply sets it back all the same"
                )
    return lines


def _note(change: Change) -> str:
    """A difference in an event: by it, one that is seen again is known."""
    return f"{change.path} is {change.old!r}" if change.path else "is not on the cluster any more"


async def _as_applied(store: Store, context: str, application: Application) -> Mapping[Key, datetime]:
    """When each resource of an application was last known to be as applied: written, or found so by a later apply."""
    deployed = [
        revision.created_at
        for revision in await store.applications.history(context, application.name)
        if revision.status == "deployed"
    ]
    return {
        Key(record.kind, record.namespace, record.name): max([record.updated_at, *deployed])
        for record in await store.resources.list(context, application.name)
    }


async def _episodes(store: Store, context: str, members: Iterable[Member]) -> dict[tuple[Key, str], Event]:
    """Differences that were seen and have not ended since, with the event that noted them first."""
    keys = {member.key for member in members}
    return {at: event for at, event in _open(await store.events.list(context, reasons=(SEEN, ENDED))) if at[0] in keys}


def _open(events: Iterable[Event]) -> Iterator[tuple[tuple[Key, str], Event]]:
    found: dict[tuple[Key, str], Event] = {}
    for event in events:
        at = (Key(event.kind, event.namespace, event.name), event.message)
        if event.reason == SEEN:
            found.setdefault(at, event)
        else:
            found.pop(at, None)
    yield from found.items()
