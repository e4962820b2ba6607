"""Keep a secret, for manifests to name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxmox_mpc.actions._action import WITH_SLASHES, Request, Result, action
from proxmox_mpc.actions._secrets import SET, own_name
from proxmox_mpc.actions._session import Session


class SecretSetRequest(Request):
    """A secret and its name."""

    name: Annotated[str, WITH_SLASHES] = Field(description="What manifests call it: { secretRef: NAME }.")
    value: str = Field(description="The secret.", repr=False, min_length=1)


class SecretSetResult(Result):
    """What was kept."""

    name: str
    context: str


@action(permission="secrets:write", route="PUT /secrets/{name}", writes=True)
async def secret_set(session: Session, request: SecretSetRequest) -> SecretSetResult:
    """Keep a secret of the context, encrypted, for manifests to name."""
    store, context = await session.store(), await session.context()
    await store.kept_secrets.put(context.name, SET, "", own_name(request.name), request.value)
    return SecretSetResult(name=request.name, context=context.name)
