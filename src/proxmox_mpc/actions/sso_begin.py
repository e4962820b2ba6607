"""Begin a login that a browser goes on with, at a provider."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._providers import answering, find_provider
from proxmox_mpc.actions._proving import begin_attempt
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line
from proxmox_mpc.errors import UsageError
from proxmox_mpc.people import limits

LASTS = timedelta(minutes=10)
"""As long as somebody may take who has to find a telephone for the second factor."""
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]):[1-9][0-9]{0,4}/[A-Za-z0-9/_-]{0,100}")
OWN_PATH = "/auth/callback"
"""Where the browser comes back to on this server."""


class RedirectRefused(UsageError):
    """A browser is not sent back to there: whoever is there would get the code."""

    code = "auth.redirect-refused"


class SsoBeginRequest(Request):
    """By which provider, and where to come back to."""

    provider: Line = Field(description="The provider's name.", min_length=1)
    redirect: str = Field(
        description=f"Where the browser comes back: {OWN_PATH} of this server's URL, or http://127.0.0.1:PORT/PATH.",
        max_length=500,
    )


class SsoBeginResult(Result):
    """Where the browser goes. Keep `binding`: who comes back without it is somebody else."""

    url: str
    state: str
    binding: str = Field(repr=False)
    expires_in_s: int


@action(permission="sessions:write", route="POST /auth/sso/begin", scope="public")
async def sso_begin(session: Session, request: SsoBeginRequest) -> SsoBeginResult:
    """Begin a login by a browser: the URL for the browser, and a secret that its end needs."""
    from proxmox_mpc.store import PendingLogin

    session.session_tokens()  # there is a server to log in to
    if request.redirect != f"{session.own_url}{OWN_PATH}" and not _LOOPBACK.fullmatch(request.redirect):
        raise RedirectRefused(hint=f"{session.own_url}{OWN_PATH}, or http://127.0.0.1:PORT/PATH")
    store = await session.store()
    provider = await find_provider(store, request.provider, browser=True)
    # It counts as one that failed until its end: else anybody could have the provider asked without end.
    attempt = await begin_attempt(session, {limits.of_browsers(session.who.address): limits.BY_BROWSER})
    state, binding = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with answering(provider):
        begun = await (await session.open_provider(provider)).begin(request.redirect, state)
    content = {"kept": dict(begun.kept), "binding": bound(binding), "attempt": list(attempt)}
    await store.pending_logins.begin(PendingLogin(state, provider.name, content, session.now() + LASTS))
    return SsoBeginResult(url=begun.url, state=state, binding=binding, expires_in_s=int(LASTS.total_seconds()))


def bound(binding: str) -> str:
    """What is kept of the secret that whoever began has."""
    return hashlib.sha256(binding.encode("utf-8", "surrogatepass")).hexdigest()
