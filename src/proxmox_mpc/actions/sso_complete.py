"""Complete a login that a browser came back from."""

from __future__ import annotations

import hmac

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._logins import LoginResult, begin_login, record_login
from proxmox_mpc.actions._providers import answering, find_provider, user_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line
from proxmox_mpc.actions.sso_begin import bound
from proxmox_mpc.errors import MpcError
from proxmox_mpc.people.errors import LoginFailed


class SsoCompleteRequest(Request):
    """What the browser came back with, and the secret of whoever began."""

    state: str = Field(description="The state that came back.", min_length=1, max_length=200, repr=False)
    code: str = Field(description="The code that came back.", min_length=1, max_length=4096, repr=False)
    binding: str = Field(description="The secret that the beginning answered.", max_length=200, repr=False)
    iss: str = Field(default="", description="The issuer that came back, where one did.", max_length=500)
    client: Line = Field(default="", description="What logs in, for the list of sessions: a host, a browser.")


@action(permission="sessions:write", route="POST /auth/sso/complete", scope="public")
async def sso_complete(session: Session, request: SsoCompleteRequest) -> LoginResult:
    """Complete a login by a browser, once, for whoever began it."""
    store = await session.store()
    pending = await store.pending_logins.take(request.state) if request.state.isprintable() else None
    if pending is None:
        raise LoginFailed("this login was not begun here, was completed already, or is over", hint="begin again")
    try:
        if not hmac.compare_digest(bound(request.binding), str(pending.content["binding"])):
            raise LoginFailed("somebody else began this login", hint="begin again")
        provider = await find_provider(store, pending.provider, browser=True)
        with answering(provider):
            opened = await session.open_provider(provider)
            proved = await opened.complete(pending.content["kept"], request.code, request.iss)
        user = await user_of(session, provider, proved)
        await store.attempts.succeeded(tuple(pending.content["attempt"]), "")
        result = await begin_login(session, user, request.client)
    except MpcError as error:
        await record_login(session, "", error.code, "sso_complete", provider=pending.provider)
        raise
    await record_login(session, user.name, "ok", "sso_complete", provider=provider.name)
    return result
