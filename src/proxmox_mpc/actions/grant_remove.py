"""Take a grant back."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold_roles, not_oneself, not_own_group
from proxmox_mpc.actions._session import Session


class GrantRemoveRequest(Request):
    """Which grant."""

    id: int = Field(description="The grant's number, as grant list shows it.", ge=1, le=2**31 - 1)


class GrantRemoveResult(Result):
    """The grant that is gone."""

    id: int


@action(permission="grants:write", route="DELETE /grants/{id}", scope="server", writes=True)
async def grant_remove(session: Session, request: GrantRemoveRequest) -> GrantRemoveResult:
    """Take a role back; it counts at once. The last admin keeps theirs."""
    store = await session.store()
    grant = await store.grants.get(request.id)
    if grant.subject_type == "user":
        not_oneself(session, grant.subject)
    else:
        await not_own_group(session, grant.subject)
    must_hold_roles(session, [grant])
    await store.grants.remove(grant.id)
    return GrantRemoveResult(id=grant.id)
