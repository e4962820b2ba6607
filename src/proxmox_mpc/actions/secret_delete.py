"""Forget a secret."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxmox_mpc.actions._action import WITH_SLASHES, Request, Result, action
from proxmox_mpc.actions._secrets import SecretUnknown, secret_key
from proxmox_mpc.actions._session import Session


class SecretDeleteRequest(Request):
    """Which secret."""

    name: Annotated[str, WITH_SLASHES] = Field(description="Its name, or KIND/NAME of the object that it is of.")


class SecretDeleteResult(Result):
    """What was forgotten."""

    name: str


@action(permission="secrets:write", route="DELETE /secrets/{name}", writes=True)
async def secret_delete(session: Session, request: SecretDeleteRequest) -> SecretDeleteResult:
    """Forget a secret; what was made with it keeps it."""
    store, context = await session.store(), await session.context()
    key = secret_key(request.name)
    if await store.kept_secrets.get(context.name, *key) is None:
        raise SecretUnknown(f"the store has no secret {request.name!r}", hint="proxmox-cli secret list")
    await store.kept_secrets.delete(context.name, *key)
    return SecretDeleteResult(name=request.name)
