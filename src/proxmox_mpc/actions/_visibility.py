"""What an actor whose permissions hold in some namespaces only gets to see and to touch.

The permission is that of the action at work. What is not visible does not exist for the actor: it is left out of lists,
and asking for it by name finds nothing. What belongs to no namespace needs the permission for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from proxmox_mpc.actions._gate import NotAllowed, at_work, not_allowed
from proxmox_mpc.errors import NotFoundError

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.engine.plan import Plan
    from proxmox_mpc.kinds._kind import Key, Live, Resource
    from proxmox_mpc.store import Run

POOL = "Pool"
"""What a namespace is on the cluster: who may make things in a namespace may have its pool, and see it."""
_STORAGES = "storages"
"""Of a pool: who may use the pool may then use them, which is for those to say who may do so everywhere."""


Sees = Callable[[str], bool]
"""Whether somebody may see what stands in a namespace; "" is what belongs to none."""


def everywhere(namespace: str) -> bool:
    """For who may see everything."""
    return True


async def sight(session: Session) -> Sees:
    """Where the action at work is allowed."""
    access = session.who.access
    if access.is_unlimited:
        return everywhere
    if not at_work():
        raise RuntimeError("what somebody may see is asked within an action")  # else nothing would narrow it
    context, permission = (await session.context()).name, at_work()
    return lambda namespace: access.allows(permission, context, namespace or "*")


async def visible(session: Session, lives: Sequence[Live]) -> list[Live]:
    """Those objects that the actor may see."""
    sees = await sight(session)
    return [live for live in lives if sees(_space(live.key))]


async def require_wanted(session: Session, resources: Iterable[Resource]) -> None:
    """Raises NotAllowed where manifests name objects outside of the actor's namespaces."""
    sees = await sight(session)
    for resource in resources:
        space = "" if resource.key.kind == POOL and _STORAGES in resource.fields else _space(resource.key)
        if not sees(space):
            raise await _refusal(session, resource.key, space)


async def require_plan(session: Session, plan: Plan, wanted: Iterable[Resource] = ()) -> None:
    """Raises NotAllowed where a plan touches what the actor may not: also as what it is now, or what is to go."""
    await require_wanted(session, wanted)
    sees = await sight(session)
    for step in plan.steps:
        fills = step.key.kind == POOL and any(change.path.startswith(_STORAGES) for change in step.changes)
        for key in (step.key, *([step.live.key] if step.live else [])):
            space = "" if fills else _space(key)
            if not sees(space):
                raise await _refusal(session, key, space)


def _space(key: Key) -> str:
    return key.name if key.kind == POOL else key.namespace


async def _refusal(session: Session, key: Key, space: str) -> NotAllowed:
    """Why an object is not the actor's to touch."""
    needed = "" if space else f": {key} is in no namespace"
    return not_allowed(session, at_work(), (await session.context()).name, space, needed)


async def require_namespaces(session: Session, namespaces: Iterable[str]) -> None:
    """Raises NotAllowed where one of these is none of the actor's."""
    sees = await sight(session)
    for namespace in namespaces:
        if not sees(namespace):
            raise not_allowed(session, at_work(), (await session.context()).name, namespace)


async def tells(session: Session) -> Callable[[Run], bool]:
    """Whether the actor is told of a run that did not end: of its own, or of all where it may see all."""
    if (await sight(session))(""):
        return lambda run: True
    return lambda run: run.actor == session.actor


async def visible_applications(session: Session) -> Callable[[str], bool]:
    """Whether the actor may see an application: all that it owns, or was last meant to own, is in sight."""
    sees = await sight(session)
    if sees(""):
        return lambda name: True
    context, store = (await session.context()).name, await session.store()
    spaces: dict[str, set[str]] = {}
    for owned in await store.resources.list(context):
        spaces.setdefault(owned.application, set()).add(owned.name if owned.kind == POOL else owned.namespace)
    for app in await store.applications.list(context):
        if app.name not in spaces:
            last = await store.applications.revision(context, app.name, app.revision)
            steps = last.plan.get("steps", [])
            spaces[app.name] = {step["name"] if step["kind"] == POOL else step["namespace"] for step in steps}
    return lambda name: name in spaces and all(map(sees, spaces[name] or {""}))


async def require_application(session: Session, name: str) -> None:
    """Raises NotFoundError for an application that there is and that the actor may not see."""
    if (await sight(session))("") or (await visible_applications(session))(name):
        return
    context, store = (await session.context()).name, await session.store()
    known = any(app.name == name for app in await store.applications.list(context))
    if known or await store.resources.list(context, name):
        raise NotFoundError(f"there is no application {name!r}", hint="proxmox-cli status lists them")
