"""List the webhooks."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._webhooks import WebhookView


class WebhookListRequest(Request):
    """All webhooks."""


class WebhookListResult(Result):
    """Webhooks, by name."""

    items: list[WebhookView]


@action(permission="webhooks:read", route="GET /webhooks", scope="server")
async def webhook_list(session: Session, request: WebhookListRequest) -> WebhookListResult:
    """List the webhooks: where they are, what they are told, and whether they take it."""
    return WebhookListResult(items=[WebhookView.of(hook) for hook in await (await session.store()).webhooks.list()])
