"""Show a secret that the store keeps."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxmox_mpc.actions._action import WITH_SLASHES, Request, Result, action
from proxmox_mpc.actions._secrets import SET, SecretUnknown, secret_key
from proxmox_mpc.actions._session import Session
from proxmox_mpc.kinds import find_kind


class SecretShowRequest(Request):
    """Which secret."""

    name: Annotated[str, WITH_SLASHES] = Field(
        description="Its name, or KIND/NAME of the object that it is of: APIToken/amy@pve!ci."
    )


class SecretShowResult(Result):
    """The secret, in the clear."""

    name: str
    value: str = Field(repr=False)


@action(permission="secret_values:reveal", route="GET /secrets/{name}", writes=True)
async def secret_show(session: Session, request: SecretShowRequest) -> SecretShowResult:
    """Show a secret that was set, or that of an API token that was made here; that it was shown is noted."""
    store, context = await session.store(), await session.context()
    kind, namespace, name = secret_key(request.name)
    value = await store.kept_secrets.get(context.name, kind, namespace, name)
    if value is None:
        what = f"the secret {name!r}" if kind == SET else f"the secret of {kind} {name}"
        raise SecretUnknown(f"the store does not have {what}", hint=_hint(kind))
    await store.events.add(
        context.name,
        type="Normal",
        reason="secret-shown",
        kind=kind or "Secret",
        namespace=namespace,
        name=name,
        message="its secret was shown",
        actor=session.actor,
    )
    return SecretShowResult(name=request.name, value=value)


def _hint(kind: str) -> str:
    if kind == SET:
        return "proxmox-cli secret list shows what it has"
    if find_kind(kind).tells_secret:
        return "the cluster tells it once, to whoever makes the object: delete it and apply again to have a new one"
    return f"the cluster tells no secret of a {kind}; it does of an APIToken"
