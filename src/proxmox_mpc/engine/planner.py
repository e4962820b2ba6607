"""From what is wanted and what lives to a plan: reads the cluster, writes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from proxmox_mpc.engine import gates, policies
from proxmox_mpc.engine.blast import blast
from proxmox_mpc.engine.diff import three_way
from proxmox_mpc.engine.held import without_held
from proxmox_mpc.engine.needs import missing, refuse_named
from proxmox_mpc.engine.observe import Ambiguous, Owner, Sighting, observe, out_of_reach, refuse_out_of_reach
from proxmox_mpc.engine.order import deletion_edges, edges
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.engine.pruning import deletion, left, pruning, with_retained
from proxmox_mpc.engine.restarts import with_what_waits
from proxmox_mpc.engine.rolling import rolling
from proxmox_mpc.engine.securing import Securing, secured
from proxmox_mpc.engine.stages import refuse_circles
from proxmox_mpc.errors import InvalidInputs, MpcError
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import REPLACES, SET, Change, Key, Kind, Live, Owned, Resource
from proxmox_mpc.kinds._options import check_options
from proxmox_mpc.kinds._view import View

IMPLIED = "metadata.implied"
"""A field of resources that no manifest names, made because others take them for granted."""


@dataclass(frozen=True)
class Wish:
    """What a plan is to reach.

    `owned` is all that the store remembers of this context. `allow` is the highest impact that may happen; `prune`
    deletes what the application owns and no manifest names; `adopt` takes over what nobody owns. `most_deletions` may
    go because manifests (or a selector) say so without naming them; None leaves it to a share of what is owned.
    `secure` keeps what is changed as it was, until that is done. `first` is made before, apart from this plan, and may
    be referred to. `undo` are objects that a failed apply made a moment ago: that they go again needs no leave.
    """

    context: str
    application: str
    resources: Sequence[Resource] = ()
    owned: Mapping[Key, Owned] = field(default_factory=dict)
    allow: Impact = Impact.PENDING
    prune: bool = False
    adopt: bool = False
    most_deletions: int | None = None
    secure: Securing = ""
    first: Sequence[Resource] = ()
    undo: Sequence[str] = ()


async def plan(view: View, kind_of: Callable[[str], Kind], wish: Wish) -> Plan:
    """The plan that makes the cluster as wished.

    Raises InvalidInput (several: InvalidInputs) for references to what is not there, Ambiguous for names that could
    mean several objects, and the client's errors.
    """
    needed = {need.key for r in wish.resources for need in kind_of(r.key.kind).needs(r) if need.implied}
    implied = await _implied(view, kind_of, wish, needed - {resource.key for resource in wish.resources})
    wanted = [*implied, *wish.resources]
    refuse_out_of_reach(await out_of_reach(view, kind_of, (resource.key for resource in wanted)))
    sightings = await observe(view, kind_of, wanted, wish.owned, wish.application)
    before = await observe(view, kind_of, wish.first, wish.owned, wish.application) if wish.first else {}
    coming = [r for r in wanted if _is_coming(sightings[r.key])] + [r for r in wish.first if before[r.key].live is None]
    view.planned = {key: r for r in coming for key in kind_of(r.key.kind).provides(r)}
    view.wanted = {resource.key: resource for resource in wanted}
    completed = await _completed(view, kind_of, wanted, sightings)
    needs = edges(completed, kind_of)
    steps = [_step(kind_of(r.key.kind), r, sightings[r.key], wish, needs[r.key]) for r in completed]
    steps = [
        with_what_waits(kind_of(step.key.kind), step, wish.application, _leave(wish, step.resource)) for step in steps
    ]
    steps = rolling(await _replacements(view, kind_of, steps, {resource.key: resource for resource in wanted}))
    steps = [_remarked(step) for step in steps]
    kept = needed | {resource.key for resource in completed}
    stale = {key: item for key, item in wish.owned.items() if item.application == wish.application and key not in kept}
    unseen = await out_of_reach(view, kind_of, stale)
    stale = {key: item for key, item in stale.items() if key not in unseen}
    sets = {str(resource.key) for resource in wish.resources if kind_of(resource.key.kind).expand is not None}
    # What a set does not have any more is declared to be gone.
    shrunk = {key for key, item in stale.items() if (item.applied or {}).get(SET) in sets}
    going = {key: item for key, item in stale.items() if wish.prune or key in shrunk}
    undone = {key for key in going if str(key) in wish.undo}
    steps += await pruning(view, kind_of, going, wish.application, wish.allow, undone)
    ours = sum(item.application == wish.application for item in wish.owned.values())
    most = gates.share(ours) if wish.most_deletions is None else wish.most_deletions
    steps = gates.deletions(await _gated(view, kind_of, steps), most, shrunk | undone)
    steps = await secured(view, kind_of, steps, wish.secure)
    refuse_named(kind_of, steps)
    refuse_circles(view, kind_of, steps)
    notes = [f"{key}: left as it is, for {node} is offline" for key, node in sorted(unseen.items())]
    notes += left({key: item for key, item in stale.items() if key not in going})
    hits = await blast(view, kind_of, steps)
    said, secures = fingerprint(wanted), bool(wish.secure)
    return Plan(wish.context, wish.application, tuple(steps), wish.allow, tuple(notes), said, hits, secures)


def fingerprint(wanted: Sequence[Resource]) -> str:
    """Of all that is declared: another value where any of it is, however it is written."""
    said = [[str(r.key), sorted(r.fields.items()), sorted(r.annotations.items())] for r in wanted]
    return hashlib.sha256(json.dumps(sorted(said), default=str).encode()).hexdigest()


async def _replacements(
    view: View, kind_of: Callable[[str], Kind], steps: Sequence[Step], wanted: Mapping[Key, Resource]
) -> list[Step]:
    """What is to be replaced must be makeable before anything is destroyed: its references are checked now."""
    done = []
    for step in steps:
        if step.action is Action.REPLACE:
            assert step.live is not None
            anew = replace(wanted[step.key], choices={REPLACES: step.live.identity})
            fresh = await kind_of(step.key.kind).driver.complete(view, anew, None)
            for error in _lacking(fresh):
                raise error
            step = replace(step, resource=fresh, choices=fresh.choices)
        done.append(step)
    return done


async def plan_deletion(
    view: View,
    kind_of: Callable[[str], Kind],
    wish: Wish,
    lives: Sequence[Live],
    *,
    forget: Sequence[Key] = (),
    selected: bool = False,
) -> Plan:
    """The plan that deletes these live objects, last created first. Asking for it is leave enough for data loss.

    Objects that a selector has `selected` are named by nobody: of those, many are too many.
    """
    keys = [live.key for live in lives]
    if twice := [live for live in lives if keys.count(live.key) > 1]:
        ids = ", ".join(str(dict(live.identity)) for live in twice)
        raise Ambiguous(f"several objects are called {twice[0].key}: {ids}", hint="delete them by VMID, one by one")
    before = deletion_edges(keys, kind_of)
    steps = [deletion(kind_of(live.key.kind), live, wish.owned.get(live.key), before[live.key]) for live in lives]
    steps += [Step(key, Action.FORGET, owned=wish.owned.get(key), note="is gone already") for key in forget]
    steps = await _gated(view, kind_of, steps)
    if selected:
        steps = gates.deletions(steps, gates.DELETIONS_MANY if wish.most_deletions is None else wish.most_deletions)
    hits = await blast(view, kind_of, steps)
    return Plan(wish.context, wish.application, tuple(steps), Impact.DATA_LOSS, blast=hits)


async def _gated(view: View, kind_of: Callable[[str], Kind], steps: Sequence[Step]) -> list[Step]:
    """These steps, refused where something holds or protects what they destroy."""
    held = await without_held(view, kind_of, with_retained(kind_of, steps))
    return [gates.lasting(kind_of(step.key.kind), step) for step in held]


async def _implied(view: View, kind_of: Callable[[str], Kind], wish: Wish, needed: set[Key]) -> list[Resource]:
    """Resources for what others take for granted (a namespace's pool): where it is missing, or made by us before."""
    kinds = sorted({key.kind for key in needed})
    answers = await asyncio.gather(*(kind_of(kind).driver.rows(view) for kind in kinds))
    present = {live.key for lives in answers for live in lives}
    ours = {key for key in needed if (item := wish.owned.get(key)) and item.application == wish.application}
    wanted = sorted((needed - present) | ours)
    return [Resource(key, kind_of(key.kind).model.model_construct(), {IMPLIED: True}) for key in wanted]


async def _completed(
    view: View, kind_of: Callable[[str], Kind], wanted: Sequence[Resource], sightings: Mapping[Key, Sighting]
) -> list[Resource]:
    lost = await missing(view, kind_of, wanted, sightings)
    errors: list[MpcError] = []
    completed: list[Resource] = []
    # One after the other, always the same way: what others are made of first, and those that know their place, for
    # placement must see them.
    for resource in sorted(wanted, key=lambda r: _turn(kind_of(r.key.kind), r)):
        try:
            kind = kind_of(resource.key.kind)
            errors += check_options(kind, resource, [await view.pve.api()])
            seen = sightings[resource.key]
            applied = seen.owned.applied if seen.owned and seen.owner is Owner.OURS else None
            if seen.live is None:
                errors += list(_lacking(resource))
            whole = await kind.driver.complete(view, resource, seen.live, applied)
            view.planned = {**view.planned, **(dict.fromkeys(kind.provides(whole), whole) if _is_coming(seen) else {})}
            completed.append(whole)
            errors += lost.get(resource.key, ())
        except InvalidInputs as several:
            errors += several.errors
        except MpcError as error:
            if error.exit_code != 1:
                raise
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InvalidInputs(errors)
    order = {resource.key: number for number, resource in enumerate(wanted)}
    return sorted(completed, key=lambda resource: order[resource.key])


def _lacking(resource: Resource) -> Iterator[MpcError]:
    """Secrets without which an object cannot be made as its manifest says."""
    for path, name in resource.unknown.items():
        hint = f"proxmox-cli secret set {name}"
        yield resource.invalid(f"spec.{path}", f"the store has no secret {name!r}", hint)


def _is_coming(seen: Sighting) -> bool:
    """Whether it is not there, or only half."""
    return seen.live is None or (seen.owned is not None and seen.owned.applied is None)


def _turn(kind: Kind, resource: Resource) -> tuple[int, bool]:
    return kind.order, not kind.schema.preferences <= resource.fields.keys()


def _step(kind: Kind, resource: Resource, seen: Sighting, wish: Wish, needs: tuple[Key, ...]) -> Step:
    live, owned = seen.live, seen.owned
    if live is None:
        changes = tuple(
            _flagged(kind, Change(path, None, value))
            for path, value in resource.fields.items()
            if not path.startswith("metadata.")
        )
        gone = "was deleted outside; is made anew" if owned is not None and owned.applied is not None else ""
        return Step(
            resource.key, Action.CREATE, changes, needs=needs, note=gone, choices=resource.choices, resource=resource
        )
    allow = _leave(wish, resource)
    applied = owned.applied if owned is not None and seen.owner is Owner.OURS else None
    if applied is not None:
        applied = {path: value for path, value in applied.items() if path not in resource.unknown}
    fresh = owned is not None and owned.applied is None and seen.owner is Owner.OURS
    changes = tuple(
        _flagged(kind, _allowed(change, allow))
        for change in kind.driver.cost(
            live, resource, three_way(kind.schema, live.fields, resource.fields, applied, fresh=fresh)
        )
    )
    if fresh:
        changes = tuple(_unused_yet(change) for change in changes)
    note = "its creation did not end; it is finished now" if fresh and changes else ""
    step = Step(resource.key, Action.NONE, changes, needs=needs, note=note, resource=resource, live=live, owned=owned)
    adopt = wish.adopt or policies.adopts(resource)
    if seen.owner is Owner.OTHER:
        refusal = gates.other_owner(seen.application)
        return replace(step, action=Action.UPDATE, refusal=refusal) if changes else replace(step, note=refusal.why)
    if not changes:
        if kind.stage is not None and live.facts.get("waits") and seen.owner is Owner.OURS:
            return replace(step, action=Action.UPDATE, note="is written, and waits to be applied")
        if seen.owner is Owner.NOBODY and adopt:
            return replace(step, action=Action.ADOPT)
        if seen.owner is Owner.OURS and kind.marked and live.mark is None:
            return replace(step, action=Action.ADOPT, note="its mark was lost; it is written again")
        said = set(policies.names_of(resource.fields))
        if seen.owner is Owner.OURS and kind.marked and live.mark is not None and set(live.mark.policies) != said:
            return replace(step, action=Action.ADOPT, note="its policies are written into its mark")
        return replace(step, note="exists, not owned" if seen.owner is Owner.NOBODY else "")
    impact = max(change.impact for change in changes)
    replaced = any(change.impact == Impact.REPLACE for change in changes)
    if replaced:
        impact = max(impact, kind.deletion)
    step = replace(step, action=Action.REPLACE if replaced else Action.UPDATE, impact=impact)
    if seen.owner is Owner.NOBODY and not adopt and not kind.always_there:
        return replace(step, refusal=gates.NOBODYS)
    return gates.impact(step, allow)


def _remarked(step: Step) -> Step:
    """The step with what its driver has to say of its resource."""
    remarks = step.resource.remarks if step.resource is not None else ()
    return replace(step, note=", ".join(filter(None, [step.note, *remarks]))) if remarks else step


def _leave(wish: Wish, resource: Resource | None) -> Impact:
    """The highest impact that may happen to a resource."""
    return max(wish.allow, policies.allowed(resource)) if resource is not None else wish.allow


def _unused_yet(change: Change) -> Change:
    """To move what nobody uses yet is part of making it."""
    return replace(change, impact=Impact.NONE) if change.impact is Impact.MIGRATE else change


def _allowed(change: Change, allow: Impact) -> Change:
    """With restarts allowed, what would wait for a reboot gets one."""
    if change.detaches and allow >= Impact.DATA_LOSS:
        return replace(change, impact=Impact.DATA_LOSS, note="detached, and its volume destroyed")
    if change.impact == Impact.PENDING and allow >= Impact.RESTART:
        return replace(change, impact=Impact.RESTART)
    return change


def _flagged(kind: Kind, change: Change) -> Change:
    """What only root@pam may set says so in the plan: with a token it will be refused."""
    leaf = kind.schema.leaf(change.path)
    names = {change.path, change.path.partition(".")[0], leaf.path if leaf is not None else ""}
    if not names & kind.root_only:
        return change
    return replace(change, note=", ".join(filter(None, [change.note, "only root@pam's own login may set this"])))
