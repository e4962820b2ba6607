"""List grants."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people_views import RoleGrantView, names_of_users
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line


class GrantListRequest(Request):
    """Which grants."""

    user: Line = Field(default="", description="Only those of this user, without groups.")
    group: Line = Field(default="", description="Only those of this group.")
    role: Line = Field(default="", description="Only those of this role.")


class GrantListResult(Result):
    """Grants, by number."""

    items: list[RoleGrantView]


@action(permission="grants:read", route="GET /grants", scope="server")
async def grant_list(session: Session, request: GrantListRequest) -> GrantListResult:
    """List who holds which role, in which contexts and namespaces."""
    store = await session.store()
    names = await names_of_users(store)
    items = [RoleGrantView.of(grant, names) for grant in await store.grants.list()]
    wanted = [("user", request.user), ("group", request.group)]
    for kind, name in wanted:
        items = [one for one in items if not name or (one.subject_type, one.subject) == (kind, name)]
    return GrantListResult(items=[one for one in items if request.role in ("", one.role)])
