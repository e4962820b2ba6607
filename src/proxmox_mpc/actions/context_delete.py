"""Remove a context from the store."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._providers import must_answer_for_logins
from proxmox_mpc.actions._session import Session


class ContextDeleteRequest(Request):
    """Which context."""

    name: str = Field(description="The context's name.")


class ContextDeleteResult(Result):
    """The context that is gone."""

    name: str


@action(permission="contexts:write", route="DELETE /contexts/{name}", writes=True, scope="server")
async def context_delete(session: Session, request: ContextDeleteRequest) -> ContextDeleteResult:
    """Remove a context and its secrets from the store; the cluster is not touched."""
    store = await session.store()
    await store.contexts.find(request.name)
    if session.served:
        await must_answer_for_logins(session, request.name)
    await store.contexts.delete(request.name)
    return ContextDeleteResult(name=request.name)
