"""Make or change a webhook."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name
from proxmox_mpc.actions._webhooks import WebhookView
from proxmox_mpc.errors import NotFoundError, UsageError

ROOM = re.compile(r"(jobs|applications|guests|nodes|runs|notifications)(/[A-Za-z0-9._:@-]{1,128})?")
"""What can be listened to."""
SHORTEST = 16
"""Letters of a secret that somebody chose: shorter ones are guessed from a few messages."""


class WebhookSetRequest(Request):
    """A webhook; what is not given stays as it is."""

    name: Name = Field(description="The webhook's name.")
    url: str = Field("", description="Where messages are sent: https://…", max_length=2000)
    rooms: list[str] = Field([], description="What it is told of: jobs, applications/web, guests.", max_length=50)
    secret: str = Field("", description="Signs what is sent; made where none is given.", repr=False, max_length=500)
    enabled: bool | None = Field(None, description="Whether it is told anything.")


class WebhookSetResult(Result):
    """The webhook; its secret, where it was made here: it is told only now."""

    webhook: WebhookView
    created: bool
    secret: str = Field("", repr=False)


@action(permission="webhooks:write", route="PUT /webhooks/{name}", scope="server", writes=True)
async def webhook_set(session: Session, request: WebhookSetRequest) -> WebhookSetResult:
    """Make or change a webhook, which is told what happens, signed; a new one from now on."""
    from proxmox_mpc.store.webhooks import Webhook

    store, made = await session.store(), ""
    try:
        known, created = await store.webhooks.get(request.name), False
    except NotFoundError:
        made = secrets.token_urlsafe(32)
        known, created = Webhook(request.name, "", made, (), last_id=await store.messages.last_id()), True
    if request.secret and len(request.secret) < SHORTEST:
        raise UsageError(f"the secret is shorter than {SHORTEST} letters", hint="leave it out, and one is made")
    if request.url and request.url != known.url and not created and not request.secret:
        # Whoever may send it elsewhere must not have it signed by a secret that others trust.
        made = secrets.token_urlsafe(32)
    hook = replace(
        known,
        url=request.url or known.url,
        rooms=tuple(dict.fromkeys(request.rooms)) or known.rooms,
        secret=request.secret or made or known.secret,
        enabled=known.enabled if request.enabled is None else request.enabled,
    )
    _check(hook.url, hook.rooms)
    if request.url:
        await session.may_reach(hook.url)
    await store.webhooks.put(hook)
    return WebhookSetResult(webhook=WebhookView.of(hook), created=created, secret="" if request.secret else made)


def _check(url: str, rooms: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.username or parts.password:
        raise UsageError("a webhook needs a URL of http or https, without a login in it", hint="https://…")
    if not rooms or (strange := [room for room in rooms if not ROOM.fullmatch(room)]):
        what = f"there is no room {strange[0]!r}" if rooms else "nothing says what it is told of"
        raise UsageError(what, hint="jobs, applications, guests, nodes, runs; one of them alone: jobs/ID")
