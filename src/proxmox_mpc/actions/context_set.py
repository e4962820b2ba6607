"""Make or change a context of the store."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._providers import must_answer_for_logins
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError, UsageError

_SECRETS = ("password", "token_secret")


class ContextSetRequest(Request):
    """A context; what is not given stays as it is."""

    name: str = Field(description="The context's name.")
    endpoints: list[str] = Field(
        [], description="The cluster's nodes, such as https://pve1:8006; several for failover."
    )
    user: str | None = Field(None, description="User with realm, such as root@pam.")
    password: str | None = Field(None, description="The user's password.", repr=False)
    token_id: str | None = Field(None, description="API token, such as root@pam!mpc.")
    token_secret: str | None = Field(None, description="The token's secret.", repr=False)
    ca: str | None = Field(None, description="CA certificate, as PEM.")
    fingerprint: str | None = Field(None, description="SHA-256 fingerprint of the certificate to trust.")
    insecure: bool | None = Field(None, description="Trust any certificate.")
    use: bool = Field(False, description="Make it the current context.")


class ContextSetResult(Result):
    """What was done."""

    name: str
    created: bool
    current: bool


@action(permission="contexts:write", route="PUT /contexts/{name}", writes=True, scope="server")
async def context_set(session: Session, request: ContextSetRequest) -> ContextSetResult:
    """Make or change a context of the store; secrets are encrypted there."""
    from dataclasses import replace

    from proxmox_mpc.store import Context

    store = await session.store()
    try:
        known = replace(await store.contexts.find(request.name), unreadable=None)
        created = False
    except NotFoundError:
        known, created = Context(request.name, ()), True
    given = request.model_dump(exclude={"name", "use"}, exclude_none=True)
    given["endpoints"] = tuple(given["endpoints"]) or known.endpoints
    # One login replaces the other: the secret of one that is not used must not stay.
    if request.token_id or request.token_secret:
        given |= {"user": None, "password": None}
    elif request.user or request.password:
        given |= {"token_id": None, "token_secret": None}
    trusts = [name for name in ("ca", "fingerprint", "insecure") if given.get(name)]
    if trusts:
        # One way of trusting replaces the others: the loosest must not stay on by accident.
        given = {"ca": None, "fingerprint": None, "insecure": False} | given
    context = replace(known, **given)
    where = ("endpoints", "ca", "fingerprint", "insecure")
    moved = not created and any(getattr(context, name) != getattr(known, name) for name in where)
    kept = [name for name in _SECRETS if getattr(context, name) and not getattr(request, name)]
    if session.served and moved and kept:
        # Else whoever may change contexts, but not read their secrets, could have them sent to a host of his own.
        raise UsageError(
            "other endpoints, or another trust, need the login again", hint=f"give its {kept[0].replace('_', ' ')}"
        )
    if not context.endpoints:
        raise UsageError("a context needs an endpoint", hint="--endpoint https://pve1:8006, several for failover")
    if not ((context.token_id and context.token_secret) or (context.user and context.password)):
        raise UsageError("a context needs a login", hint="--token-id with --token-secret, or --user with --password")
    session.check_context(context)
    if session.served and not created:
        await must_answer_for_logins(session, context.name)
    await store.contexts.save(context)
    first = await store.contexts.current() is None
    if request.use or first:
        await store.contexts.use(context.name)
    return ContextSetResult(name=context.name, created=created, current=request.use or first)
