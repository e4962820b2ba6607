"""Choose the store's current context."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError


class ContextUseRequest(Request):
    """Which context."""

    name: str = Field(description="The context's name.")


class ContextUseResult(Result):
    """The context that is current now."""

    name: str


@action(permission="contexts:write", route="POST /contexts/{name}/use", writes=True, scope="server")
async def context_use(session: Session, request: ContextUseRequest) -> ContextUseResult:
    """Choose the context that commands act on when they name none."""
    store = await session.store()
    names = [context.name for context in await store.contexts.list()]
    if request.name not in names:
        hint = (
            f"contexts in the store: {', '.join(sorted(names))}"
            if names
            else "make one: proxmox-cli config set-context"
        )
        raise NotFoundError(f"there is no context {request.name!r} in the store", hint=hint)
    await store.contexts.use(request.name)
    return ContextUseResult(name=request.name)
