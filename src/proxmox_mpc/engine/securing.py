"""A way back from changes, where one is asked for: kept before an object is changed, let go once that is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from proxmox_mpc.engine.plan import Action, Gate, Refusal, Step
from proxmox_mpc.engine.stop import Stopped
from proxmox_mpc.errors import MpcError, UnreachableError
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._kind import Kind, Live
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

Securing = Literal["", "all", "possible"]
"""What is kept before it is changed: nothing, all that holds data, or as much of that as can be."""
OPENS = "--snapshot-where-possible"


@dataclass(frozen=True)
class Safety:
    """By what a run tells what it keeps from that of others.

    With `again` it goes on where one did not end: what that kept is still as it was before.
    """

    name: str = "run"
    again: bool = False


async def secured(view: View, kind_of: Callable[[str], Kind], steps: Sequence[Step], how: Securing) -> list[Step]:
    """These steps; those that change what holds data keep it first, and are refused where that cannot be."""
    if not how:
        return list(steps)
    return list(await asyncio.gather(*(_secured(view, kind_of(step.key.kind).driver, step, how) for step in steps)))


async def _secured(view: View, driver: Driver, step: Step, how: Securing) -> Step:
    if step.action is not Action.UPDATE or step.live is None or step.refusal or not step.changes:
        return step
    if step.owned is not None and step.owned.applied is None:
        return step  # its creation is being finished: there is no state yet to go back to
    why = await driver.unsecurable(view, step.live, step.changes)
    if why is None:
        return step
    if not why:
        return replace(step, secured=True, note=_joined(step.note, "a snapshot is kept until it is done"))
    if how == "possible":
        return replace(step, note=_joined(step.note, f"without a snapshot: {why}"))
    return replace(step, refusal=Refusal(Gate.SNAPSHOT, why, OPENS))


def _joined(*texts: str) -> str:
    return ", ".join(filter(None, texts))


@asynccontextmanager
async def kept(safety: Safety, driver: Driver, run: Run, step: Step) -> AsyncIterator[None]:
    """The object is kept while this lasts, and people are told how to go back where it does not end well."""
    if not step.secured or step.live is None:
        yield
        return
    back = await driver.secure(run, step.live, safety.name, again=safety.again)
    try:
        yield
    except Exception:
        run.remark(f"a snapshot holds it as it was; to go back: {back}")
        raise


async def let_go(driver: Driver, run: Run, live: Live) -> None:
    """Let go of what was kept; what stays is told, and is no reason to call a change failed that is done."""
    try:
        await driver.unsecure(run, live)
    except (Stopped, UnreachableError):
        raise
    except MpcError as error:
        run.remark(f"its snapshot stays, for it could not be deleted: {error}")
