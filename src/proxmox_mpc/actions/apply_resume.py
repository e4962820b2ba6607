"""Continue what was killed, stopped, or failed on its way."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import visible_applications
from proxmox_mpc.actions.apply import ApplyRequest, ApplyResult, apply
from proxmox_mpc.actions.delete import DeleteRequest, delete
from proxmox_mpc.actions.plan import plan
from proxmox_mpc.actions.settle import SettleRequest, settle
from proxmox_mpc.applications import resumable
from proxmox_mpc.errors import InvalidInput, MpcError, NotFoundError, UsageError


class ApplyResumeRequest(Request):
    """Which application, and what may happen now beyond what was allowed then."""

    application: str = Field("", description="The application; needed only where several wait to be continued.")
    allow: str = Field("", description="Another highest impact that may happen.")
    max_deletions: int | None = Field(None, ge=0, description="Another number of objects that may be deleted.")
    patience_s: float | None = Field(
        None, ge=0, description="Other seconds for which locks and a lost quorum are waited out."
    )
    patient: bool = Field(True, description="Wait for tasks that a killed run left; else the next time does.")
    agreed: str = Field("", description="Hash of the plan that was confirmed; without it only the plan is answered.")


class NothingToResume(NotFoundError):
    """Nothing waits to be continued."""

    code = "resume.nothing"


@action(
    permission="resources:write",
    route="POST /applications/resume",
    writes=True,
    scope="namespace",
    long=True,
    turn="application",
)
async def apply_resume(session: Session, request: ApplyResumeRequest) -> ApplyResult:
    """Continue the last run of an application that did not end well: with what was asked for then, and allowed."""
    settled = (await settle(session, SettleRequest(patient=request.patient))).settled
    wanted = await _wanted(session, request.application)
    other = {name: getattr(request, name) for name in ("allow", "max_deletions", "patience_s")}
    fitting = {
        name: value for name, value in other.items() if value not in ("", None) and name in type(wanted).model_fields
    }
    wanted = wanted.model_copy(update=fitting)
    if isinstance(wanted, DeleteRequest):
        done = await delete(session, wanted.model_copy(update={"agreed": request.agreed}))
        return ApplyResult(plan=done.plan, revision=None, outcomes=done.outcomes, resumed=settled)
    if not request.agreed:
        return ApplyResult(plan=await plan(session, wanted), revision=None, outcomes=[], resumed=settled)
    result = await apply(session, wanted.model_copy(update={"agreed": request.agreed, "continues": True}))
    return result.model_copy(update={"resumed": [*settled, *result.resumed]})


async def _wanted(session: Session, application: str) -> ApplyRequest | DeleteRequest:
    """What was asked for. Raises NothingToResume; UsageError, where several applications wait."""
    context, store = await session.context(), await session.store()
    in_sight = await visible_applications(session)
    resumable_runs = await store.runs.resumable(context.name)
    waiting = {run.application: run for run in resumable_runs if in_sight(run.application)}
    if not application and len(waiting) > 1:
        names = ", ".join(sorted(waiting))
        raise UsageError(f"several applications can be continued: {names}", hint="say which: --app NAME")
    run = waiting.get(application or next(iter(waiting), ""))
    if run is None:
        what = f"nothing of application {application!r}" if application else "nothing"
        hint = "proxmox-cli history APP shows how its applies ended; manifests are applied with -f"
        raise NothingToResume(f"{what} waits to be continued", hint=hint)
    try:
        kind, content = resumable.opened(session.unseal(run.sealed_request))
    except (MpcError, ValueError):
        hint = "apply its manifests again with -f, or set the PROXMOX_SECRET_KEY of that time"
        raise InvalidInput("what was asked for was sealed with another key", hint=hint) from None
    return DeleteRequest(**content) if kind == resumable.DELETE else ApplyRequest(**content)
