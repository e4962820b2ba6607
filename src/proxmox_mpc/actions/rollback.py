"""Go back to an application's earlier revision."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from proxmox_mpc.actions._action import INTERNAL, Request, action
from proxmox_mpc.actions._planning import DesiredState, ManifestText, prepare
from proxmox_mpc.actions._plans import keep
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import plan_view
from proxmox_mpc.actions.apply import ApplyRequest, ApplyResult, ReleaseText, apply
from proxmox_mpc.engine.securing import Securing
from proxmox_mpc.errors import NotFoundError, RefusedError


class RollbackRequest(Request):
    """Which application, and how far back."""

    application: str = Field(description="The application's name.")
    revision: int | None = Field(
        None, description="The revision to go back to; without it the last deployed before now."
    )
    allow: str = Field("", description="Highest impact that may happen.")
    max_deletions: int | None = Field(None, ge=0, description="How many objects may be deleted; else a share of them.")
    snapshot: Securing = Field("", description="Take snapshots of guests before they are changed.")
    hooks: bool = Field(True, description="Whether a chart's hooks are carried out.")
    undo: Annotated[list[str], INTERNAL] = Field(
        [], description="Objects that a failed apply has just made, which may go again."
    )
    agreed: str = Field("", description="Hash of the plan that was confirmed; without it only the plan is answered.")


@action(
    permission="resources:write",
    route="POST /applications/{application}/rollback",
    writes=True,
    scope="namespace",
    long=True,
    turn="application",
)
async def rollback(session: Session, request: RollbackRequest) -> ApplyResult:
    """Go back to an earlier revision: its manifests are planned anew and applied as a new revision."""
    context = await session.context()
    store = await session.store()
    revisions = await store.applications.history(context.name, request.application)
    number = request.revision
    if number is None:
        earlier = [r.number for r in revisions[:-1] if r.status in ("deployed", "superseded")]
        number = earlier[-1] if earlier else None
    target = next((r for r in revisions if r.number == number), None)
    if target is None:
        known = ", ".join(str(r.number) for r in revisions)
        hint = f"revisions: {known}" if known else "proxmox-cli status lists the applications"
        what = f"revision {number}" if number is not None else "earlier revision"
        raise NotFoundError(f"application {request.application!r} has no {what}", hint=hint)
    if target.status == "uninstalled":
        raise RefusedError(f"revision {target.number} deleted everything; there is nothing to go back to")
    texts = [ManifestText(name=f"revision {target.number}", content=json.dumps(doc)) for doc in target.manifests]
    desired = DesiredState(
        texts=texts,
        application=request.application,
        allow=request.allow,
        prune=True,
        max_deletions=request.max_deletions,
        snapshot=request.snapshot,
        undo=request.undo,
    )
    before = await store.releases.get(context.name, request.application, target.number)
    if before is not None:
        desired = desired.model_copy(update={"namespace": before.content.get("namespace", desired.namespace)})
    if not request.agreed:
        shown = plan_view((await prepare(session, desired)).plan, (await session.context()).endpoints[0])
        await keep(session, shown)
        return ApplyResult(plan=shown, revision=None, outcomes=[])
    release = None
    if before is not None:
        fields = {name: before.content[name] for name in ReleaseText.model_fields if name in before.content}
        release = ReleaseText(**{**fields, "event": "rollback", "with_hooks": request.hooks})
    return await apply(
        session,
        ApplyRequest(
            **desired.model_dump(),
            agreed=request.agreed,
            verb=f"rollback to {target.number}",
            source=target.source,
            release=release,
        ),
    )
