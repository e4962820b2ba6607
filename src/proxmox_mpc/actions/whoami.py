"""Say who acts, and what that one may."""

from __future__ import annotations

from proxmox_mpc.actions._access import Grant
from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class WhoamiRequest(Request):
    """Who I am."""


class GrantView(Result):
    """Permissions in contexts and namespaces; `*` stands for all of them."""

    permissions: list[str]
    contexts: list[str]
    namespaces: list[str]

    @classmethod
    def of(cls, grant: Grant) -> GrantView:
        return cls(
            permissions=list(grant.permissions), contexts=list(grant.contexts), namespaces=list(grant.namespaces)
        )


class WhoamiResult(Result):
    """Who acts, and by what they came: the embedded store, a login, a token."""

    name: str
    by: str
    must_change_password: bool
    grants: list[GrantView]
    limits: GrantView | None


@action(permission="sessions:read", route="GET /auth/me", scope="own")
async def whoami(session: Session, request: WhoamiRequest) -> WhoamiResult:
    """Say who acts, and what that one may."""
    who = session.who
    return WhoamiResult(
        name=who.name,
        by="token" if who.token_id else "login" if who.login_id else "embedded store",
        must_change_password=who.must_change_password,
        grants=[GrantView.of(grant) for grant in who.access.grants],
        limits=None if who.access.limits is None else GrantView.of(who.access.limits),
    )
