"""Work that is done once and is no application's revision: journalled like any other, so that a kill leaves a trace."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from proxmox_mpc.applications.apply import Applier
from proxmox_mpc.applications.journal import StoreJournal
from proxmox_mpc.applications.ownership import record_key
from proxmox_mpc.engine.execute import Execution
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.engine.stop import Stop
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.store.records import RunStatus

GUESTS = "guests/"
"""How the names of errands on guests begin; what follows makes each one's own."""
REPEATABLE = frozenset(
    (
        *("start", "resume", "stop", "shutdown", "suspend"),
        *("tag", "template", "snapshot delete", "drain", "uncordon"),
    )
)
"""Verbs that leave alone what is so already, whatever they were asked for: all others may do it once more."""


@asynccontextmanager
async def errand(
    applier: Applier, view: View, context: str, name: str, verb: str, stop: Stop | None = None
) -> AsyncIterator[Callable[[Key, Action], StepRun]]:
    """What answers, for a resource and what is done to it, the `Run` by which drivers write.

    Two errands of one name are never under way at once. Raises ApplyBusy.
    """
    begun = await applier.store.runs.begin(
        context, name, verb, applier.actor, os.getpid(), socket.gethostname(), job=applier.job
    )
    journal = StoreJournal(applier.store, context, begun.id, applier.now)
    plan = Plan(context, name, (), Impact.DATA_LOSS)
    execution = Execution(view, applier.kind_of, plan, journal, applier.new_uid, applier.report, stop=stop or Stop())
    alive = asyncio.create_task(applier.signs_of_life(begun.id))
    status: RunStatus = "interrupted"
    try:
        yield lambda key, action: StepRun(execution, Step(key, action), "")
        status = "succeeded"
    finally:
        alive.cancel()
        await _let_go(applier, context, begun.id, name)
        await applier.store.runs.finish(begun.id, status, {"status": status})


async def _let_go(applier: Applier, context: str, run: str, name: str) -> None:
    """Nobody owns what an errand made: it was remembered while it was made, and stays so only where its end is open."""
    entries = await applier.store.runs.journal(run)
    unseen = {entry.resource for entry in entries if entry.state in ("sending", "accepted")}
    for record in await applier.store.resources.list(context, name):
        if str(record_key(record)) not in unseen:
            await applier.store.resources.delete(context, record.kind, record.namespace, record.name)
