"""List the contexts that can be chosen."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class ContextListRequest(Request):
    """All contexts."""


class ContextView(Result):
    """One context, without its secrets."""

    name: str
    endpoints: list[str]
    login: str
    trust: str
    source: str
    current: bool


class ContextListResult(Result):
    """Contexts, by name."""

    items: list[ContextView]


@action(permission="contexts:read", route="GET /contexts", scope="own")
async def context_list(session: Session, request: ContextListRequest) -> ContextListResult:
    """List the contexts that can be chosen: from the environment, the workspace's file, and the store."""
    items = []
    for found in await session.list_contexts(session):
        context = found.context
        trust = "CA" if context.ca else "fingerprint" if context.fingerprint else "system"
        items.append(
            ContextView(
                name=context.name,
                endpoints=list(context.endpoints),
                login=context.token_id or context.user or "",
                trust="none (insecure)" if context.insecure else trust,
                source=found.source,
                current=found.current,
            )
        )
    return ContextListResult(items=items)
