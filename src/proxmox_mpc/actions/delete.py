"""Delete objects: by manifests, or by kind and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._applying import applier
from proxmox_mpc.actions._moved import refuse_moved
from proxmox_mpc.actions._planning import ManifestText, load, named
from proxmox_mpc.actions._plans import keep
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView, outcome_views, plan_view
from proxmox_mpc.actions._visibility import require_plan, require_wanted, visible
from proxmox_mpc.actions.get import GetRequest, is_named, select
from proxmox_mpc.applications import clusters, resumable
from proxmox_mpc.applications.ownership import of_application, owned_by_key
from proxmox_mpc.engine import observe, planner
from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.engine.planner import IMPLIED
from proxmox_mpc.engine.pruning import find_owned
from proxmox_mpc.errors import NotFoundError, RefusedError, UsageError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, SET, Key, Live, Owned
from proxmox_mpc.kinds._view import View


class DeleteRequest(Request):
    """What to delete: manifests, an application's all, or objects of a kind."""

    texts: list[ManifestText] = Field([], description="Manifests whose resources are deleted.")
    application: str = Field("", description="The application that owns them.")
    kind: str = Field("", description="Kind of the objects, by any of its names.")
    names: list[str] = Field([], description="Names, or VMIDs of guests.")
    namespace: str = Field("", description="Only this namespace.")
    selector: str = Field("", description="Labels that must match.")
    max_deletions: int | None = Field(None, ge=0, description="How many objects a selector may delete; else a share.")
    ignore_missing: bool = Field(False, description="Names that are not there are no error.")
    agreed: str = Field("", description="Hash of the plan that was confirmed; without it only the plan is answered.")


class DeleteResult(Result):
    """The plan, and once it was agreed to, how each deletion ended."""

    plan: PlanView
    outcomes: list[OutcomeView] = []


@action(
    permission="resources:write",
    route="POST /applications/delete",
    writes=True,
    scope="namespace",
    long=True,
    turn="application",
)
async def delete(session: Session, request: DeleteRequest) -> DeleteResult:
    """Delete objects, last created first; without an agreed plan's hash only show what would go."""
    planned_at = session.now()
    plan, view, documents = await _plan(session, request)
    await require_plan(session, plan)
    shown = plan_view(plan, (await session.context()).endpoints[0])
    if request.agreed == "" or plan.is_empty:
        await keep(session, shown)
        return DeleteResult(plan=shown)
    await refuse_moved(session, request.agreed, shown)
    _, outcomes = await (await applier(session)).apply(
        plan,
        view,
        verb="delete",
        manifests=await _remaining(session, plan) or documents,
        shown=shown.model_dump(mode="json", by_alias=True),
        planned_at=planned_at,
        sealed_request=session.seal(_continuing(request, plan)),
        stop=session.stop,
    )
    return DeleteResult(plan=shown, outcomes=outcome_views(outcomes))


async def _remaining(session: Session, plan: Plan) -> list[dict[str, Any]]:
    """What of the application's manifests is still wanted: a rollback to this revision must not delete the rest."""
    history = await (await session.store()).applications.history(plan.context, plan.application)
    before = history[-1].manifests if history and history[-1].status != "uninstalled" else []
    going = {(step.key.kind, step.key.namespace, step.key.name) for step in plan.work}
    return [document for document in before if named(document) not in going]


def _continuing(request: DeleteRequest, plan: Plan) -> str:
    """What a deletion is continued from: the very objects that were agreed to, whatever a selector means by then."""
    named = [str(step.live.identity.get("vmid", step.key.label)) for step in plan.work if step.live is not None]
    by_kind = {} if request.texts else {"names": named, "selector": "", "ignore_missing": True}
    content = {**request.model_dump(mode="json", exclude={"agreed"}), **by_kind}
    return resumable.written(resumable.DELETE, content)


async def _plan(session: Session, request: DeleteRequest) -> tuple[Plan, View, list[dict[str, object]]]:
    context = await session.context()
    view = await session.view()
    store = await session.store()
    await clusters.confirm(store, context.name, await clusters.look(view))
    owned = await owned_by_key(store, context.name)
    documents: list[dict[str, object]] = []
    gone: list[Key] = []
    if request.texts:
        lives, gone, documents = await _declared(session, view, request, owned)
    elif request.kind:
        lives = await _named(session, view, request)
        if not lives and not request.ignore_missing and not request.selector:
            raise NotFoundError(f"there is no {request.kind} to delete")
    elif request.application:
        mine = of_application(owned, request.application)
        found = await find_owned(view, find_kind, mine, request.application)
        lives, gone = list(found.values()), [key for key in mine if key not in found]
    else:
        raise UsageError(
            "nothing says what to delete", hint="proxmox-cli delete -f FILE, or proxmox-cli delete KIND NAME"
        )
    application = request.application or _owner(lives, owned)
    wish = planner.Wish(context.name, application, owned=owned, most_deletions=request.max_deletions)
    selected = bool(request.selector and not request.names)
    plan = await planner.plan_deletion(view, find_kind, wish, lives, forget=gone, selected=selected)
    return plan, view, documents


def _owner(lives: Sequence[Live], owned: Mapping[Key, Owned]) -> str:
    """The application whose history tells of it: the owner, if all have the same one."""
    owners = {
        live.mark.application if live.mark else owned[live.key].application if live.key in owned else ""
        for live in lives
    }
    return (owners.pop() if len(owners) == 1 else "") or "default"


async def _declared(
    session: Session, view: View, request: DeleteRequest, owned: dict[Key, Owned]
) -> tuple[list[Live], list[Key], list[dict[str, object]]]:
    resources, documents = await load(session, request.texts, request.namespace or DEFAULT_NAMESPACE)
    await require_wanted(session, resources)
    observe.refuse_out_of_reach(await observe.out_of_reach(view, find_kind, (r.key for r in resources)))
    seen = await observe.observe(view, find_kind, resources, owned, request.application)
    strangers = [str(key) for key, s in seen.items() if s.live and s.owner is observe.Owner.OTHER]
    if strangers or not any(s.live and s.owner is observe.Owner.OURS for s in seen.values()):
        strangers = strangers or [str(key) for key, s in seen.items() if s.live]
    if strangers:
        hint = "delete them by name, if that is meant: proxmox-cli delete KIND NAME"
        raise RefusedError(f"not owned by application {request.application!r}: {', '.join(strangers)}", hint=hint)
    # What the manifests name and nobody owns was there before, and stays.
    lives = [s.live for s in seen.values() if s.live is not None and s.owner is observe.Owner.OURS]
    # Of a set also those that the manifest does not count any more.
    lives += [live for live in await _replicas(view, lives) if live.key not in seen]
    gone = [key for key, sighting in seen.items() if sighting.live is None and key in owned]
    # What a namespace implied is the application's too: its pool goes when nothing else is left in it.
    left = of_application(owned, request.application).keys() - {live.key for live in lives} - set(gone)
    implied = {key: owned[key] for key in left if IMPLIED in (owned[key].applied or {})}
    if left == implied.keys():
        lives += (await find_owned(view, find_kind, implied, request.application)).values()
    return lives, gone, [dict(document) for document in documents]


async def _named(session: Session, view: View, request: DeleteRequest) -> list[Live]:
    kind = find_kind(request.kind)
    if not request.names and not request.selector:
        raise UsageError("nothing says which ones", hint=f"proxmox-cli delete {request.kind} NAME, or -l SELECTOR")
    wanted = GetRequest(kind=request.kind, names=request.names, namespace=request.namespace, selector=request.selector)
    found = select(await visible(session, await kind.driver.rows(view)), wanted)
    for name in request.names:
        hits = [live for live in found if is_named(live, name)]
        if not hits and not request.ignore_missing:
            raise NotFoundError(
                f"there is no {kind.name} {name!r}", hint=f"proxmox-cli get {kind.plural} -A lists them"
            )
        if len(hits) > 1:
            ids = ", ".join(" ".join(map(str, live.identity.values())) for live in hits)
            raise observe.Ambiguous(f"{kind.name} {name!r} could be {len(hits)} objects: {ids}", hint="name the VMID")
    lives = await kind.driver.detail(view, found)
    return [*lives, *(await _replicas(view, lives) if kind.expand is not None else ())]


async def _replicas(view: View, sets: Sequence[Live]) -> list[Live]:
    """The guests of these sets, where they are some."""
    names, remembered = {str(live.key) for live in sets}, await view.remembered()
    members = {key: item for key, item in remembered.items() if (item.applied or {}).get(SET) in names}
    owners = {item.application for item in members.values()}
    found = [await find_owned(view, find_kind, of_application(members, owner), owner) for owner in sorted(owners)]
    return [live for lives in found for live in lives.values()]
