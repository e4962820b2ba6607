"""Show a secret that the cluster told once, when it made an object."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind


class SecretShowRequest(Request):
    """Whose secret."""

    kind: str = Field(description="The object's kind, by any of its names.")
    name: str = Field(description="Its name, such as amy@pve!ci.")


class SecretShowResult(Result):
    """The secret, in the clear."""

    kind: str
    name: str
    value: str = Field(repr=False)


class SecretUnknown(NotFoundError):
    """The store was not told this secret."""

    code = "secret.unknown"


@action(permission="secrets:read", route="GET /secrets/{kind}/{name}", writes=True)
async def secret_show(session: Session, request: SecretShowRequest) -> SecretShowResult:
    """Show the secret of an API token that was made here; that it was shown is noted."""
    store, context, kind = await session.store(), await session.context(), find_kind(request.kind)
    if not kind.tells_secret:
        raise SecretUnknown(f"the cluster tells no secret of a {kind.name}", hint="it does of an APIToken")
    key = kind.key(request.name)
    value = await store.told_secrets.get(context.name, key.kind, key.namespace, key.name)
    if value is None:
        raise SecretUnknown(
            f"the store does not have the secret of {key}",
            hint="the cluster tells it once, to whoever makes the object: delete it and apply again to have a new one",
        )
    await store.events.add(
        context.name,
        type="Normal",
        reason="secret-shown",
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        message="its secret was shown",
        actor=session.actor,
    )
    return SecretShowResult(kind=key.kind, name=key.name, value=value)
