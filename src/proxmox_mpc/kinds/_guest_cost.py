"""What changes cost this very guest: what would be written is held against what PVE makes of it.

A change of a field is a change of a parameter, or of a part of one; a parameter takes effect, or waits, as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest_parameters import parameters
from proxmox_mpc.kinds._guest_volumes import is_detached, moved, resized
from proxmox_mpc.kinds._kind import NAMESPACE, Change, Live, Resource
from proxmox_mpc.kinds._mark import Mark
from proxmox_mpc.kinds._verdict import SILENT, Edit

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver


def cost(guest: GuestDriver, live: Live, resource: Resource, changes: Sequence[Change]) -> list[Change]:
    """The changes with what they cost this guest, why, and which parameters wait for its next start."""
    # Power is taken away before anything is written, and given after it.
    running = live.fields.get("state") == "running" and not any(change.path == "state" for change in changes)
    written = [change for change in changes if not _is_own(guest, change)]
    edits = _edits(guest, live, resource, written)
    found = []
    for change in changes:
        if change not in written:
            found.append(_own(guest, change, running=live.fields.get("state") == "running"))
            continue
        mine = [edits[key] for key in _edits(guest, live, resource, [change]) if key in edits]
        verdicts = {edit.key: guest.api.verdict(edit) if running else SILENT for edit in mine}
        worst = max(verdicts.values(), key=lambda verdict: verdict.impact, default=SILENT)
        waits = {key for key, verdict in verdicts.items() if verdict.impact is Impact.PENDING}
        # What is sent anyway is not changed by PVE itself.
        waits |= {key for edit in mine for key in guest.api.follows(edit) if key not in edits} if running else set()
        change = replace(change, impact=worst.impact, reason=worst.reason, waits=tuple(sorted(waits)))
        found.append(_detached(change) if is_detached(guest.api, change) else change)
    return found


def _is_own(guest: GuestDriver, change: Change) -> bool:
    """Whether it is no matter of the config: the product's own fields, and volumes that are grown or moved."""
    if change.path in ("node", "state", NAMESPACE) or change.impact is Impact.REPLACE:
        return True
    return resized(guest.api, change) is not None or moved(guest.api, change) is not None


def _own(guest: GuestDriver, change: Change, *, running: bool) -> Change:
    if change.path == NAMESPACE:
        return replace(change, impact=Impact.NONE)
    if change.path == "state":
        if change.new == "stopped":
            return replace(change, impact=Impact.STOP_START, note="shut down")
        return replace(change, impact=Impact.NONE, note="start")
    if change.path == "node":
        if not running:
            return replace(change, note="offline migration")
        return change if guest.api.moves_running else replace(change, reason="a container is restarted to move")
    if moved(guest.api, change):
        change = replace(change, note="moved to the other storage")
        if running and not guest.api.moves_running:
            reason = "no volume of a running container can be moved; it is stopped, and started again"
            return replace(change, impact=Impact.STOP_START, reason=reason)
    if change.impact is Impact.REPLACE:
        return change
    return replace(change, impact=Impact.HOTPLUG if running else Impact.NONE)


def _detached(change: Change) -> Change:
    # Never in passing: whatever used this disk stops working, even if the volume is kept.
    impact = max(change.impact, Impact.STOP_START)
    return replace(change, impact=impact, note="detached; its volume is kept as unused", detaches=True)


def _edits(guest: GuestDriver, live: Live, resource: Resource, changes: Sequence[Change]) -> dict[str, Edit]:
    """What these changes make of the config, by parameter."""
    if not changes:
        return {}
    mark = live.mark or Mark("", "", live.key, int(live.identity["vmid"]))
    params, gone = parameters(guest, live, resource, changes, mark)
    config = texts(live.current or live.raw)
    after: Mapping[str, str | None] = {**{key: str(text) for key, text in params.items()}, **dict.fromkeys(gone)}
    return {key: Edit(key, config.get(key), text, config) for key, text in after.items()}


def texts(config: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in config.items()}


def waiting(guest: GuestDriver, live: Live) -> list[Change]:
    """What was changed before and waits for the guest's next start: from what it runs with to what is written."""
    if not live.current:
        return []
    coming, current = texts(live.raw), texts(live.current)
    keys = sorted(key for key in coming.keys() | current.keys() if coming.get(key) != current.get(key))
    found = []
    for key in keys:
        old, new = (guest.fields_of({key: config[key]} if key in config else {}) for config in (live.current, live.raw))
        if len(homes := {guest.schema.item_of(path) for path in {**old, **new}}) == 1 and (item := homes.pop()):
            changes = [Change(item, current.get(key), coming.get(key))]
        else:
            paths = [path for path in {**old, **new} if old.get(path) != new.get(path)]
            changes = [Change(path, old.get(path), new.get(path)) for path in paths]
        changes = changes or [Change(f"options.{key}", current.get(key), coming.get(key))]
        found += [replace(change, impact=Impact.PENDING, waits=(key,), written=True) for change in changes]
    return found
