"""A way back from a change: a snapshot of the guest before it, which goes once the change is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds import _snapshots
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest_rows import Row
from proxmox_mpc.kinds._guest_volumes import moved
from proxmox_mpc.kinds._kind import CONVERTED, Change, Live
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

# Types whose volumes hold snapshots; on directories those do that are qcow2 (the manual's table of storage types, 9.1).
_HOLDING = frozenset({"lvmthin", "zfspool", "rbd", "btrfs", "zfs"})
_NAMES = "mpc-rollback"
"""How their names begin; what follows tells the runs apart."""
_PARENT = "parent"
"""The key of a guest's configuration that names its last snapshot; a guest without one has none (8.4, 9.1)."""


async def unsecurable(guest: GuestDriver, view: View, live: Live, changes: Sequence[Change]) -> str:
    """Why no snapshot can be taken before these changes, or why they could not be made then; empty where all can."""
    if live.fields.get(CONVERTED) or live.raw.get("template"):
        return "a template has no snapshots"
    for change in changes:
        if slot := moved(guest.api, change):
            return f"{slot} is to be moved, and no volume moves away from its snapshot"
        if change.detaches and change.impact is Impact.DATA_LOSS:
            return f"the volume of {change.path} is to be destroyed, and a snapshot would hold it"
        if change.path == "node" and (local := await _local(view, live)):
            return f"it is to move to {change.new}, and {local[0]} does not go along with a snapshot"
    answer = await view.pve.get(guest.api.path("/feature"), {**live.identity, "feature": "snapshot"})
    if answer.get("hasFeature"):
        return ""
    return f"no snapshot can be taken with {', '.join(await _lacking(view, live))}"


async def _local(view: View, live: Live) -> list[str]:
    shared = {name for name, row in (await view.storages()).items() if row.get("shared")}
    return [item for item, storage in _volumes(live).items() if storage not in shared]


async def _lacking(view: View, live: Live) -> list[str]:
    """The volumes whose storage holds no snapshots, or what may be in the way where all seem to."""
    storages, found = await view.storages(), []
    for item, storage in _volumes(live).items():
        kind = storages.get(storage, {}).get("type", "?")
        if kind not in _HOLDING and not str(live.fields.get(f"{item}.volume", "")).endswith(".qcow2"):
            found.append(f"{item} on {storage} ({kind})")
    outside = [path.rpartition(".")[0] for path in live.fields if path.endswith(".path")]
    return [*found, *(f"{item}, which is no volume" for item in outside)] or ["its volumes"]


def _volumes(live: Live) -> dict[str, str]:
    """The storage of each of its volumes, by the list item or group that it stands in."""
    return {path.rpartition(".")[0]: str(value) for path, value in live.fields.items() if path.endswith(".storage")}


async def secure(guest: GuestDriver, run: Run, live: Live, name: str, *, again: bool) -> str:
    """Take the snapshot, unless one of before stands for the same; the command that goes back to it."""
    live = await guest.reread(run.view, live)
    known = sorted(await _kept(guest, run, live) if again else [], key=_time)
    snapshot = str(known[0]["name"]) if known else f"{_NAMES}-{name}"
    if not known:
        text = _snapshots.before(run.mark().application)
        await _snapshots.take(run, _row(guest, live), snapshot, text, memory=False)
    return f"proxmox-cli snapshot rollback {_vmid(live)} {snapshot}"


async def unsecure(guest: GuestDriver, run: Run, live: Live) -> None:
    """Delete the snapshots that were taken for the application, the latest first; never anybody else's."""
    for snapshot in sorted(await _kept(guest, run, live), key=_time, reverse=True):
        await _snapshots.forget(run, _row(guest, live), str(snapshot["name"]))


def remark(live: Live) -> str:
    """What to say of a guest whose last snapshot is one that should have gone."""
    name = str(live.raw.get(_PARENT, ""))
    return f"snapshot {name} holds it as it was before a change that did not end" if name.startswith(_NAMES) else ""


async def _kept(guest: GuestDriver, run: Run, live: Live) -> list[Mapping[str, Any]]:
    if not live.raw.get(_PARENT):
        return []
    row = _row(guest, live)
    run.view.forget(f"snapshots/{row['vmid']}")
    application = run.mark().application
    return [each for each in await _snapshots.listed(run.view, row) if _snapshots.is_before(each, application)]


def _row(guest: GuestDriver, live: Live) -> Row:
    return {**live.identity, "type": guest.api.type}


def _vmid(live: Live) -> int:
    return int(live.identity["vmid"])


def _time(snapshot: Mapping[str, Any]) -> int:
    return int(snapshot.get("snaptime", 0))
