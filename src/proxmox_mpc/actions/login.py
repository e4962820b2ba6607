"""Log in to a server."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, action
from proxmox_mpc.actions._logins import LoginResult, begin_login, record_login
from proxmox_mpc.actions._providers import ProviderUnknown
from proxmox_mpc.actions._proving import prove
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line
from proxmox_mpc.errors import MpcError
from proxmox_mpc.people.errors import TooManyAttempts
from proxmox_mpc.people.passwords import LONGEST
from proxmox_mpc.store.people_records import LOCAL


class LoginRequest(Request):
    """Name and password."""

    name: Line = Field(description="The user's name.", min_length=1)
    password: str = Field(description="The user's password.", repr=False, max_length=LONGEST)
    provider: Line = Field(default=LOCAL, description="Who answers for the name: local, or a provider's name.")
    client: Line = Field(default="", description="What logs in, for the list of sessions: a host, a browser.")


@action(permission="sessions:write", route="POST /auth/login", scope="public")
async def login(session: Session, request: LoginRequest) -> LoginResult:
    """Log in: an access token for minutes, and a refresh token to go on with, once."""
    name = request.name.strip().casefold()
    try:
        user = await prove(session, request.name.strip(), request.password, request.provider)
        result = await begin_login(session, user, request.client)
    except (TooManyAttempts, ProviderUnknown):
        raise  # nothing was tried, and who only knocks must not be able to fill the audit
    except MpcError as error:
        # A name that nobody has may be a password in the wrong field: it is not written down.
        known = await (await session.store()).users.find(name)
        await record_login(session, name if known else "", error.code, provider=request.provider)
        raise
    await record_login(session, user.name, "ok", provider=request.provider)
    return result
