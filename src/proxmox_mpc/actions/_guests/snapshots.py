"""Snapshots of many guests at once: what each has, and what is done with the one of a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.actions._guests.choice import Guest
from proxmox_mpc.actions._guests.turns import Turn
from proxmox_mpc.errors import NotFoundError, UsageError
from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._guest_rows import Row
from proxmox_mpc.kinds._kind import Key, Live
from proxmox_mpc.kinds._view import View


def row_of(guest: Guest, live: Live | None = None) -> Row:
    """The guest as requests about its snapshots name it."""
    return {**(live or guest.live).identity, "type": guest.driver.api.type}


def check_name(name: str) -> None:
    """Raises UsageError for what cannot name a snapshot."""
    if not _snapshots.NAME.fullmatch(name) or name in _snapshots.RESERVED:
        hint = "2 to 40 letters, digits, hyphens and underscores, a letter first"
        raise UsageError(f"{name!r} cannot name a snapshot", hint=hint)


async def found(view: View, guest: Guest, name: str) -> Mapping[str, Any] | None:
    """The guest's snapshot of this name."""
    listed = await _snapshots.listed(view, row_of(guest))
    return next((snapshot for snapshot in listed if snapshot["name"] == name), None)


async def of_one(view: View, guest: Guest, name: str, turn: Callable[[Mapping[str, Any]], Turn]) -> list[Turn]:
    """The turn of a guest that has the snapshot; who selected many guests means those that have it."""
    snapshot = await found(view, guest, name)
    if snapshot is not None:
        return [turn(snapshot)]
    if not guest.named:
        return [Turn(guest, already=f"has no snapshot {name}")]
    problem = NotFoundError(f"has no snapshot {name!r}", hint=f"proxmox-cli snapshot list {guest.word}")
    return [Turn(guest, error=problem)]


async def declared_by(view: View, guest: Guest, name: str) -> str:
    """The application that declares this snapshot; empty where none does."""
    known = await view.remembered()
    words = (guest.live.key.name, str(guest.vmid))
    keys = [Key("Snapshot", guest.live.key.namespace, f"{word}/{name}") for word in words]
    return next((known[key].application for key in keys if key in known), "")


def taken(snapshot: Mapping[str, Any]) -> str:
    """When it was taken, for people."""
    return f"{datetime.fromtimestamp(int(snapshot.get('snaptime', 0)), UTC):%Y-%m-%d %H:%M} UTC"
