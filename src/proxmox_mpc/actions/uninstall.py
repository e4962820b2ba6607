"""Uninstall a release: all that it owns goes."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._moved import refuse_moved
from proxmox_mpc.actions._release_records import made_by_chart
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView
from proxmox_mpc.actions.apply import HookText
from proxmox_mpc.actions.delete import DeleteRequest, delete
from proxmox_mpc.charts.manifests import Hook
from proxmox_mpc.errors import NotFoundError


class UninstallRequest(Request):
    """Which release."""

    name: str = Field(description="The release's name.")
    keep_history: bool = Field(False, description="Remember its revisions, so that a rollback can bring it back.")
    hooks: bool = Field(True, description="Whether the chart's hooks are carried out.")
    ignore_not_found: bool = Field(False, description="A release that is not there is no error.")
    max_deletions: int | None = Field(None, ge=0, description="How many objects may be deleted; else a share of them.")
    agreed: str = Field("", description="Hash of the plan that was confirmed; without it only the plan is answered.")


class UninstallResult(Result):
    """What goes, and once agreed to, how that ended; nothing where there was no release."""

    name: str
    plan: PlanView | None = None
    outcomes: list[OutcomeView] = []


@action(
    permission="resources:write",
    route="DELETE /releases/{name}",
    writes=True,
    scope="namespace",
    long=True,
    turn="name",
)
async def uninstall(session: Session, request: UninstallRequest) -> UninstallResult:
    """Delete all that a release owns, its hooks around it, and forget it; without an agreed plan only that plan."""
    from proxmox_mpc.actions._hooks import remove_hooks, run_hooks

    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, request.name)
    if not history:
        if request.ignore_not_found:
            return UninstallResult(name=request.name)
        raise NotFoundError(f"release {request.name!r} is not there", hint="proxmox-cli list shows the releases")
    release = await made_by_chart(session, request.name, history)
    content = release.content if release is not None and history[-1].status != "uninstalled" else {}
    hooks: list[Hook] = [HookText(**each).hook for each in content.get("hooks", [])]
    namespace, author = content.get("namespace", "default"), content.get("author", {})
    going = DeleteRequest(application=request.name, max_deletions=request.max_deletions)
    if not request.agreed:
        return UninstallResult(name=request.name, plan=(await delete(session, going)).plan)
    chosen = hooks if request.hooks else []
    shown = (await delete(session, going)).plan
    await refuse_moved(session, request.agreed, shown)
    if any("pre-delete" in hook.events for hook in chosen) and not any(step.blocked for step in shown.steps):
        await run_hooks(session, request.name, namespace, chosen, "pre-delete", [], author)
        # What a hook has deleted is gone; more than was agreed to never goes.
        left = (await delete(session, going)).plan
        agreed = {(step.kind, step.namespace, step.name) for step in shown.steps}
        if {(step.kind, step.namespace, step.name) for step in left.steps} <= agreed:
            shown = left
    done = await delete(session, going.model_copy(update={"agreed": shown.hash}))
    await run_hooks(session, request.name, namespace, chosen, "post-delete", [], author)
    await remove_hooks(session, request.name)
    if not request.keep_history:
        await store.applications.delete(context.name, request.name)
    return UninstallResult(name=request.name, plan=done.plan, outcomes=done.outcomes)
