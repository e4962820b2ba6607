"""Close what earlier runs left open."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import tells
from proxmox_mpc.applications import unfinished


class SettleRequest(Request):
    """How long to wait; all runs of the context are looked at."""

    patient: bool = Field(True, description="Wait for tasks that still run; else they are left to the next time.")


class SettleResult(Result):
    """One line for each run that had not ended."""

    settled: list[str]


@action(permission="resources:write", route="POST /applications/settle", writes=True, scope="namespace")
async def settle(session: Session, request: SettleRequest) -> SettleResult:
    """Close runs that were killed or interrupted: wait for the tasks that they left, so that a plan sees their end."""
    context, store, cluster = await session.context(), await session.store(), await session.cluster()
    lines = await unfinished.settle(
        store, context.name, cluster, session.report, patient=request.patient, tells=await tells(session)
    )
    return SettleResult(settled=lines)
