"""List the secrets that the store keeps."""

from __future__ import annotations

from datetime import datetime

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class SecretListRequest(Request):
    """All of the context."""


class SecretView(Result):
    """One secret, without itself."""

    name: str
    at: datetime


class SecretListResult(Result):
    """The secrets, by name."""

    items: list[SecretView]


@action(permission="secrets:read", route="GET /secrets")
async def secret_list(session: Session, request: SecretListRequest) -> SecretListResult:
    """List the secrets of the context by name; what they are is not told."""
    store, context = await session.store(), await session.context()
    rows = await store.kept_secrets.list(context.name)
    return SecretListResult(
        items=[SecretView(name="/".join(filter(None, [row.kind, row.name])), at=row.at) for row in rows]
    )
