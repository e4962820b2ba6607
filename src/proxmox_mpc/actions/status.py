"""Show how applications are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.applications.ownership import of_application, owned_by_key
from proxmox_mpc.engine.diff import three_way
from proxmox_mpc.engine.observe import out_of_reach
from proxmox_mpc.engine.pruning import find_owned
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._kind import SUMMARY, UNKNOWN_KEYS, Key, Kind, Live, Owned
from proxmox_mpc.kinds._view import View
from proxmox_mpc.store import Application

# Task types that change what is declared; a backup that ran last night is no suspect. Direct edits leave no task.
CONFIG_TASKS = frozenset("qmconfig resize qmmove move_volume imgcopy qmrollback vzrollback qmrestore vzrestore".split())
POWER_TASKS = frozenset("qmstart qmstop qmshutdown qmreboot vzstart vzstop vzshutdown vzreboot".split())


class StatusRequest(Request):
    """Which application; all when empty."""

    application: str = Field("", description="The application's name; all when empty.")


class MemberView(Result):
    """One owned resource: synced, drifted (and in what), restart pending, unfinished, missing, or unknown."""

    kind: str
    namespace: str
    name: str
    state: str
    detail: str = ""
    where: str = ""


class ApplicationView(Result):
    """One application: its last revision, and how its resources are."""

    name: str
    revision: int
    status: str
    updated_at: datetime
    health: str
    members: list[MemberView]


class StatusResult(Result):
    """Applications of the context, by name."""

    context: str
    items: list[ApplicationView]


@action(permission="resources:read", route="GET /applications")
async def status(session: Session, request: StatusRequest) -> StatusResult:
    """Show applications: last revision, and whether what they own is as it was applied."""
    context = await session.context()
    store = await session.store()
    applications = await store.applications.list(context.name)
    if request.application:
        applications = [app for app in applications if app.name == request.application]
        if not applications:
            raise NotFoundError(
                f"there is no application {request.application!r}", hint="proxmox-cli status lists them"
            )
    owned = await owned_by_key(store, context.name)
    view = await session.view()
    items = [await _application(session, view, context.name, app, owned) for app in applications]
    return StatusResult(context=context.name, items=items)


async def _application(
    session: Session, view: View, context: str, app: Application, owned: dict[Key, Owned]
) -> ApplicationView:
    store = await session.store()
    last = (await store.applications.history(context, app.name))[-1]
    mine = of_application(owned, app.name)
    lost = await out_of_reach(view, find_kind, mine)
    seen = {key: item for key, item in mine.items() if key not in lost}
    found = await find_owned(view, find_kind, seen, app.name)
    members = await asyncio.gather(*(_member(view, key, item, found.get(key)) for key, item in sorted(seen.items())))
    members += [_unseen(key, node) for key, node in sorted(lost.items())]
    if any(member.state == "drifted" for member in members):
        members = [_attributed(member, await view.tasks(), last.finished_at) for member in members]
    states = {member.state for member in members}
    lacking = states & {"missing", "unfinished"} or last.status == "failed"
    health = "degraded" if lacking else "drifted" if "drifted" in states else "unknown" if lost else "synced"
    return ApplicationView(
        name=app.name,
        revision=last.number,
        status=last.status,
        updated_at=last.created_at,
        health=health,
        members=list(members),
    )


def _attributed(member: MemberView, tasks: Sequence[Mapping[str, Any]], since: datetime | None) -> MemberView:
    """A drifted member with who was at it last since it was applied, where the task log knows."""
    vmid = member.where.partition(" ")[0]
    after = since.timestamp() if since else 0
    mine = [t for t in tasks if vmid and str(t.get("id")) == vmid and int(t["starttime"]) > after]
    suspects = [t for t in mine if t["type"] in (POWER_TASKS if member.detail.startswith("state ") else CONFIG_TASKS)]
    if member.state != "drifted" or not suspects:
        return member
    task = max(suspects, key=lambda task: int(task["starttime"]))
    when = datetime.fromtimestamp(int(task["starttime"])).astimezone()
    return member.model_copy(update={"detail": f"{member.detail} ({task['type']} by {task['user']}, {when:%H:%M})"})


def _unseen(key: Key, node: str) -> MemberView:
    head = {"kind": key.kind, "namespace": key.namespace, "name": key.name}
    return MemberView(**head, state="unknown", detail=f"{node} is offline", where=node)


async def _member(view: View, key: Key, owned: Owned, live: Live | None) -> MemberView:
    head = {"kind": key.kind, "namespace": key.namespace, "name": key.name}
    if live is None:
        return MemberView(**head, state="missing", detail="is not on the cluster any more")
    kind = find_kind(key.kind)
    where = " ".join(str(value) for value in live.identity.values() if str(value) not in (key.name, key.label))
    if owned.applied is None:
        return MemberView(**head, state="unfinished", detail="its creation did not end; apply again", where=where)
    changes = three_way(kind.schema, live.fields, owned.applied, owned.applied)
    if changes:
        detail = ", ".join(
            f"{c.path} is {_value(kind, c.path, c.old)}, not {_value(kind, c.path, c.new)}" for c in changes
        )
        return MemberView(**head, state="drifted", detail=detail, where=where)
    pending = sorted({key for change in kind.driver.waiting(live) for key in change.waits})
    if pending:
        return MemberView(**head, state="restart pending", detail=", ".join(pending), where=where)
    told = str(live.facts.get(SUMMARY, ""))
    unknown = f"not known here, and kept: {live.facts[UNKNOWN_KEYS]}" if UNKNOWN_KEYS in live.facts else told
    return MemberView(**head, state="synced", detail=unknown, where=where)


def _value(kind: Kind, path: str, value: Value | None) -> str:
    shown = kind.schema.show(path, value)
    return "unset" if shown is None else ",".join(shown) if isinstance(shown, list) else str(shown)
