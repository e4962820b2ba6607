"""Forget a webhook."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class WebhookDeleteRequest(Request):
    """Which webhook."""

    name: str = Field(description="The webhook's name.")


class WebhookDeleteResult(Result):
    """What was forgotten."""

    name: str


@action(permission="webhooks:write", route="DELETE /webhooks/{name}", scope="server", writes=True)
async def webhook_delete(session: Session, request: WebhookDeleteRequest) -> WebhookDeleteResult:
    """Forget a webhook and its secret."""
    await (await session.store()).webhooks.delete(request.name)
    return WebhookDeleteResult(name=request.name)
