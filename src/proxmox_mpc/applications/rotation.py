"""A snapshot policy carried out: what is due is taken, and what has outlived its time is deleted.

When it was last done stands on the cluster: in the times and descriptions of the snapshots that it took. So nothing is
lost with the store but the policy's own declaration, and a rotation that was killed is simply done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds import _calendar, _retention, _snapshots
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._guest_rows import Row, namespace_of
from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.kinds._view import View


@dataclass(frozen=True)
class Turn:
    """What a policy does to one guest: the snapshot that it takes (none if none is due), and those that it deletes."""

    guest: Row
    word: str
    take: str = ""
    drop: tuple[str, ...] = ()
    error: MpcError | None = None

    def key(self, snapshot: str) -> Key:
        return Key("Snapshot", namespace_of(self.guest), f"{self.word}/{snapshot}")


def turn(
    name: str,
    fields: Mapping[str, Value],
    guest: Row,
    word: str,
    present: Sequence[Mapping[str, object]],
    now: datetime,
) -> Turn:
    """What is due for one guest, of which these snapshots are there: pure."""
    zone = ZoneInfo(str(fields.get("timezone", "UTC")))
    mine = {
        str(snapshot["name"]): _snapshots.taken_at(snapshot).astimezone(zone)
        for snapshot in present
        if _snapshots.policy_of(snapshot) == name
    }
    following = _calendar.parse(str(fields["schedule"])).after(max(mine.values()), zone) if mine else now
    take = ""
    if following is not None and following <= now:
        take = f"{fields.get('prefix', 'auto')}-{now.astimezone(zone):%Y%m%d-%H%M%S}"
        mine[take] = now.astimezone(zone)
    keep = {path.removeprefix("keep."): int(str(n)) for path, n in fields.items() if path.startswith("keep.")}
    stays = _retention.kept(mine, keep)
    return Turn(guest, word, take, tuple(sorted(mine.keys() - stays, key=lambda snapshot: mine[snapshot])))


async def look(
    view: View, name: str, fields: Mapping[str, Value], guests: Sequence[tuple[Row, str]], now: datetime
) -> list[Turn]:
    """What is due for each of these guests."""

    async def of(guest: Row, word: str) -> Turn:
        try:
            return turn(name, fields, guest, word, await _snapshots.listed(view, guest), now)
        except MpcError as error:
            return Turn(guest, word, error=error)

    return list(await asyncio.gather(*(of(guest, word) for guest, word in guests)))


async def carry_out(
    name: str,
    fields: Mapping[str, Value],
    turns: Sequence[Turn],
    now: datetime,
    run_of: Callable[[Key, Action], StepRun],
    report: Callable[[Progress], None],
) -> list[Turn]:
    """The turns with what went wrong in them. A guest whose snapshot could not be taken loses none, either."""

    async def do(turn: Turn) -> Turn:
        if turn.error is not None:
            return turn
        key = turn.key("")
        try:
            if turn.take:
                key = turn.key(turn.take)
                report(Progress(key, "started", action=Action.CREATE))
                text, memory = _snapshots.automatic(name, now), fields.get("memory") is True
                await _snapshots.take(run_of(key, Action.CREATE), turn.guest, turn.take, text, memory=memory)
                report(Progress(key, "done", action=Action.CREATE))
            for snapshot in turn.drop:
                key = turn.key(snapshot)
                report(Progress(key, "started", action=Action.DELETE))
                await _snapshots.forget(run_of(key, Action.DELETE), turn.guest, snapshot)
                report(Progress(key, "done", action=Action.DELETE))
        except MpcError as error:
            report(Progress(key, "failed", str(error)))
            return Turn(turn.guest, turn.word, turn.take, turn.drop, error)
        return turn

    return list(await asyncio.gather(*(do(turn) for turn in turns)))
