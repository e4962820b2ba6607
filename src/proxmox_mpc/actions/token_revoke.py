"""Revoke a personal API token."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Line
from proxmox_mpc.errors import NotFoundError


class TokenUnknown(NotFoundError):
    """There is no such token."""

    code = "token.unknown"
    default_hint = "proxmox-cli token list"


class TokenRevokeRequest(Request):
    """Which token."""

    id: Line = Field(description="The token's id, or the name of one of yours.", min_length=1)


class TokenRevokeResult(Result):
    """The token that counts no more."""

    id: str
    name: str


@action(permission="tokens:write", route="DELETE /tokens/{id}", scope="own", writes=True)
async def token_revoke(session: Session, request: TokenRevokeRequest) -> TokenRevokeResult:
    """Revoke a token of yours, or anybody's with the permission tokens:write; it counts no more at once.

    A token can revoke itself, and no other.
    """
    store, who = await session.store(), session.who
    others = who.access.allows("tokens:write") and not who.token_id
    for token in await store.api_tokens.list():
        own = bool(who.user_id) and token.user_id == who.user_id and who.token_id in ("", token.id)
        named = token.id == request.id or (own and token.name == request.id)
        if named and (own or others):
            await store.api_tokens.revoke(token.id)
            return TokenRevokeResult(id=token.id, name=token.name)
    raise TokenUnknown(f"there is no token {request.id!r}")  # the same for one that is somebody else's
