"""List personal API tokens."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._gate import not_allowed
from proxmox_mpc.actions._logins import logged_in
from proxmox_mpc.actions._people_views import names_of_users
from proxmox_mpc.actions._session import Session


class TokenListRequest(Request):
    """Whose tokens."""

    all: bool = Field(default=False, description="Those of all users; that needs the permission tokens:read.")


class TokenView(Result):
    """A token, without itself."""

    id: str
    user: str
    name: str
    scopes: list[str]
    contexts: list[str]
    namespaces: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class TokenListResult(Result):
    """Tokens, by user and name."""

    items: list[TokenView]


@action(permission="tokens:read", route="GET /tokens", scope="own")
async def token_list(session: Session, request: TokenListRequest) -> TokenListResult:
    """List your personal tokens, or those of all; expired ones, too."""
    if request.all and not session.who.access.allows("tokens:read"):
        raise not_allowed(session, "tokens:read", "*")
    store = await session.store()
    tokens = await store.api_tokens.list("" if request.all else logged_in(session.who))
    names = await names_of_users(store)
    fields = [name for name in TokenView.model_fields if name != "user"]
    items = [TokenView(user=names[one.user_id], **{name: getattr(one, name) for name in fields}) for one in tokens]
    return TokenListResult(items=sorted(items, key=lambda one: (one.user, one.name)))
