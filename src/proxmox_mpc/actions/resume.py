"""Close what earlier runs left open."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.applications.unfinished import settle


class ResumeRequest(Request):
    """How long to wait; all runs of the context are looked at."""

    patient: bool = Field(True, description="Wait for tasks that still run; else they are left to the next time.")


class ResumeResult(Result):
    """One line for each run that had not ended."""

    resumed: list[str]


@action(permission="resources:write", route="POST /applications/resume", writes=True)
async def resume(session: Session, request: ResumeRequest) -> ResumeResult:
    """Close runs that were killed or interrupted: wait for the tasks that they left, so that a plan sees their end."""
    context, store = await session.context(), await session.store()
    return ResumeResult(
        resumed=await settle(store, context.name, await session.cluster(), session.report, patient=request.patient)
    )
