"""Make a personal API token."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from proxmox_mpc.actions._access import EVERY
from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._logins import by_login
from proxmox_mpc.actions._people import check_patterns, places
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name, Pattern, Place
from proxmox_mpc.people import personal_tokens


class TokenCreateRequest(Request):
    """A new token."""

    name: Name = Field(description="What you call it.")
    scopes: list[Pattern] = Field(
        default=[EVERY], description="What it may: resources:read, jobs:*.", min_length=1, max_length=200
    )
    contexts: list[Place] = Field(
        default=[EVERY], description="The contexts where it counts; * for all.", min_length=1, max_length=200
    )
    namespaces: list[Place] = Field(
        default=[EVERY], description="The namespaces where it counts; * for all.", min_length=1, max_length=200
    )
    days: int = Field(default=90, description="For how many days it counts.", ge=1, le=3650)


class TokenCreateResult(Result):
    """The token: it is told only here."""

    id: str
    name: str
    token: str = Field(repr=False)
    expires_at: datetime


@action(permission="tokens:write", route="POST /tokens", scope="own", status=201, writes=True)
async def token_create(session: Session, request: TokenCreateRequest) -> TokenCreateResult:
    """Make a personal token for programs: it may what you may, now and later, and no more than you say here."""
    from proxmox_mpc.store import ApiToken

    user_id, now = by_login(session.who), session.now()
    check_patterns(request.scopes)
    id, text = personal_tokens.new()
    token = ApiToken(
        id=id,
        user_id=user_id,
        name=request.name,
        scopes=tuple(dict.fromkeys(request.scopes)),
        contexts=places(request.contexts),
        namespaces=places(request.namespaces),
        created_at=now,
        expires_at=now + timedelta(days=request.days),
        used_at=None,
        hash=personal_tokens.digest(text),
    )
    await (await session.store()).api_tokens.create(token)
    return TokenCreateResult(id=id, name=request.name, token=text, expires_at=now + timedelta(days=request.days))
