"""Restore a guest from a backup."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest, of_vmid
from proxmox_mpc.actions._guests.gates import refuse_guarded
from proxmox_mpc.actions._guests.power import CannotBe, state_of
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, begin, take
from proxmox_mpc.actions._planning import impact_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import Sees, sight
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import NotFoundError, RefusedError, UsageError
from proxmox_mpc.kinds import _guest_backup, find_kind
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest import GuestDriver
from proxmox_mpc.kinds._guest_backup import Archive, archives, named
from proxmox_mpc.kinds._guest_requests import with_vmid
from proxmox_mpc.kinds._guest_rows import UNNAMED, Row, is_meant, namespace_of
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, Key, Kind, Live
from proxmox_mpc.kinds._view import View


class RestoreRequest(GuestsRequest):
    """Which backup, and what becomes of it."""

    latest: bool = Field(False, description="The word is a guest (a name or VMID): its latest backup.")
    vmid: int | None = Field(None, ge=100, description="VMID of the restored guest; else that of the backup.")
    name: str = Field("", description="A new guest of this name, with a free VMID unless one is named.")
    node: str = Field("", description="Node of the restored guest.")
    storage: str = Field("", description="Storage of its disks; else those of the backup.")
    force: bool = Field(False, description="Put it in the place of the guest that has this VMID.")
    allow: str = Field("", description="data-loss allows the same as force.")
    start: bool = Field(False, description="Start it.")


# What a guest may be called: the notes of most backups are its name, and nothing else of them tells it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True)
class _Target:
    """What a backup is restored to: over a guest that is there, or as a new one."""

    kind: Kind
    archive: Archive
    row: dict[str, Any] | None
    """The guest that it replaces."""
    name: str
    """What the guest was called when it was backed up, where there is one of that VMID."""
    original: bool
    """Whether the guest that was backed up is there, too: a new one then needs other addresses."""


@action(permission="guests:write", route="POST /guests/restore", writes=True, scope="namespace", long=True)
async def restore(session: Session, request: RestoreRequest) -> GuestsResult:
    """Restore a guest from a backup: as it was, as a new one, or by force over one that is there."""
    if len(request.guests) != 1:
        hint = "proxmox-cli restore VOLID, or: restore GUEST --latest"
        raise UsageError("one backup is restored at a time", hint=hint)
    view, resumed = await begin(session, request)
    target = await _target(view, request, await sight(session))
    turn = await (_over(view, request, target) if target.row is not None else _anew(view, request, target))
    result = await take(session, view, request, "restore", [turn])
    return result.model_copy(update={"resumed": resumed})


async def _target(view: View, request: RestoreRequest, sees: Sees) -> _Target:
    rows = await view.rows("qemu", "lxc")
    archive = await _archive(view, request, rows, sees)
    mine = next((row for row in rows if int(row["vmid"]) == archive.vmid), None)
    vmid = request.vmid if request.vmid is not None or request.name else archive.vmid
    row = next((row for row in rows if int(row["vmid"]) == vmid), None)
    kind = find_kind("VirtualMachine" if archive.type == "qemu" else "Container")
    name_then = await _guest_backup.name_in(_driver(kind), view, archive) if mine or row else ""
    if mine is not None and not sees("") and name_then != _name_of(mine):
        raise _no_backup(request.guests[0])  # its guest is gone: whose it was is not known
    if request.latest and mine is not None:
        _refuse_anothers(request, archive, mine, name_then)
    if row is None:
        return _Target(kind, archive, None, name_then, mine is not None)
    if not sees(namespace_of(row)):
        raise RefusedError(f"VMID {vmid} is taken", hint="--name NAME makes a new guest")
    name = row.get("name", row["id"])
    if row["type"] != archive.type:
        raise RefusedError(f"VMID {vmid} is {name}, and of another kind", hint="--name NAME makes a new guest")
    if not (request.force or impact_of(request.allow) >= Impact.DATA_LOSS):
        hint = "--name NAME makes a new guest of it; --force puts it in its place, and what that holds now is lost"
        raise RefusedError(f"VMID {vmid} is there: {name}; nothing was changed", hint=hint)
    return _Target(kind, archive, row, name_then, True)


def _refuse_anothers(request: RestoreRequest, archive: Archive, row: Row, name_then: str) -> None:
    """Raises RefusedError where the guest of this VMID is not the one that was backed up: VMIDs are used again."""
    is_over = request.vmid is None and not request.name
    if name_then == _name_of(row) or not (is_over or is_meant(row, _word(request))):
        return
    then, now = (name or "a guest without a name" for name in (name_then, _name_of(row)))
    what = f"the latest backup of VMID {archive.vmid} is of {then}, and that VMID is {now} by now; nothing was changed"
    raise RefusedError(what, hint=f"if it is what you mean, name it: proxmox-cli restore {archive.volid}")


def _name_of(row: Row) -> str:
    name = str(row.get("name", ""))
    return "" if UNNAMED.fullmatch(name) else name


def _word(request: RestoreRequest) -> str:
    """The guest that is named, without its namespace."""
    return request.guests[0].rpartition("/")[2]


async def _archive(view: View, request: RestoreRequest, rows: list[dict[str, Any]], sees: Sees) -> Archive:
    """The backup that is meant, of those whose guests are in sight."""
    word, spaces = request.guests[0], {int(row["vmid"]): namespace_of(row) for row in rows}

    def in_sight(one: Archive) -> bool:
        return sees(spaces.get(one.vmid, ""))

    if not request.latest:
        found = [one for one in await archives(view, word.partition(":")[0]) if one.volid == word and in_sight(one)]
        if not found:
            raise _no_backup(word)
        return replace(found[0], nodes=tuple(node for one in found for node in one.nodes))
    vmids = {int(row["vmid"]) for row in rows if is_meant(row, _word(request))}
    vmids |= {int(word)} if word.isdigit() else set()
    there = [one for one in await archives(view) if in_sight(one)]
    known = [one for one in there if one.vmid in vmids or (not vmids and one.notes == word)]
    if not known or len({one.vmid for one in known}) > 1:
        what = f"{word!r} could be several guests" if known else f"there is no backup of {word!r}"
        raise NotFoundError(what, hint="name the VMID, or the backup itself: local:backup/vzdump-…")
    return known[-1]


def _no_backup(word: str) -> NotFoundError:
    hint = "it is written local:backup/vzdump-…; or: proxmox-cli restore GUEST --latest"
    return NotFoundError(f"there is no backup {word!r}", hint=hint)


async def _over(view: View, request: RestoreRequest, target: _Target) -> Turn:
    assert target.row is not None
    archive, driver = target.archive, _driver(target.kind)
    guest = await of_vmid(view, int(target.row["vmid"]))
    refuse_guarded(guest)
    live = guest.live
    node = str(live.identity["node"])
    if node not in archive.nodes:
        raise RefusedError(f"{archive.volid} cannot be read on {node}, where the guest is", hint="--name NAME")
    if state_of(live) != "stopped":
        raise CannotBe(f"{live.key} is not off", hint=f"proxmox-cli shutdown {guest.word}")
    options = _options(request)

    async def do(run: StepRun, live: Live) -> dict[str, Any]:
        vmid = int(live.identity["vmid"])
        made = await _guest_backup.restore(driver, run, archive, vmid, node, over=True, options=options)
        return dict(made.identity)

    warnings = ("its configuration goes back, too: the next apply sets again what is declared",) if guest.owned else ()
    loses = "all that it holds now is lost"
    is_its_own = archive.vmid == guest.vmid and target.name == _name_of(target.row)
    does = "goes back to its backup" if is_its_own else f"becomes {target.name or archive.volid}, by its backup"
    return Turn(guest, f"{does} of {_taken(archive)}", do, loses, warnings=warnings)


async def _anew(view: View, request: RestoreRequest, target: _Target) -> Turn:
    kind, archive = target.kind, target.archive
    driver = _driver(kind)
    if request.node and request.node not in archive.nodes:
        hint = f"it can on: {', '.join(archive.nodes)}"
        raise NotFoundError(f"{archive.volid} cannot be read on {request.node!r}", hint=hint)
    node = request.node or archive.nodes[0]
    space = request.namespace or DEFAULT_NAMESPACE
    name = request.name or (archive.notes if _NAME.fullmatch(archive.notes) else f"{archive.type}-{archive.vmid}")
    rows = await view.rows("qemu", "lxc")
    if request.name and any(row.get("name") == request.name and namespace_of(row) == space for row in rows):
        raise RefusedError(f"a guest is called {request.name} already", hint="take another name")
    wanted = request.vmid if request.vmid is not None or request.name else archive.vmid
    options = {**_options(request), **named(driver, request.name, request.namespace)}
    if target.original:
        options["unique"] = True  # the guest that was backed up is still there, with the same addresses
    key = Key(kind.name, space, name)

    async def do(run: StepRun, live: Live) -> dict[str, Any]:
        async def make(vmid: int) -> str:
            made = await _guest_backup.restore(driver, run, archive, vmid, node, over=False, options=options)
            return str(made.identity["node"])

        return dict((await with_vmid(driver, run, wanted, make)).identity)

    guest = Guest(kind, Live(key, {"vmid": wanted or 0, "node": node}, {}))
    does = f"is made on {node} of the backup of {_taken(archive)}" + (", with addresses of its own" * target.original)
    return Turn(guest, does, do, makes=key, action=Action.CREATE)


def _options(request: RestoreRequest) -> dict[str, Any]:
    storage = {"storage": request.storage} if request.storage else {}
    return {**storage, **({"start": True} if request.start else {})}


def _driver(kind: Kind) -> GuestDriver:
    assert isinstance(kind.driver, GuestDriver)
    return kind.driver


def _taken(archive: Archive) -> str:
    return f"{datetime.fromtimestamp(archive.taken, UTC):%Y-%m-%d %H:%M} UTC"
