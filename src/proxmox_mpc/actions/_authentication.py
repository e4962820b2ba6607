"""Who comes with a token: asked of the store for each request, so that what was revoked counts no more at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxmox_mpc.actions._access import Grant, Who
from proxmox_mpc.actions._roles import access_of
from proxmox_mpc.people import personal_tokens
from proxmox_mpc.people.errors import NotLoggedIn

if TYPE_CHECKING:
    from proxmox_mpc.people.session_tokens import SessionTokens
    from proxmox_mpc.store import Store


async def authenticate(
    store: Store, tokens: SessionTokens, token: str, *, address: str = "", correlation: str = ""
) -> Who:
    """Who comes with an access token or a personal token, and what that one may now. Raises NotLoggedIn."""
    if token.startswith(personal_tokens.PREFIX):
        return await _personal(store, token, address, correlation)
    claims = tokens.read_access(token, store.logins.database.now())
    found = await store.logins.holder(claims.login_id)
    if found is None:
        raise NotLoggedIn()
    login, user, held = found
    if (login.user_id, user.version) != (claims.user_id, claims.user_version):
        raise NotLoggedIn()
    return Who(
        name=user.name,
        access=access_of(held),
        user_id=user.id,
        login_id=login.id,
        address=address,
        correlation=correlation,
        must_change_password=user.must_change_password,
    )


async def _personal(store: Store, text: str, address: str, correlation: str) -> Who:
    id = personal_tokens.id_of(text)
    found = await store.api_tokens.holder(id) if id is not None else None
    if found is None or not personal_tokens.fits(text, found[0].hash):
        raise NotLoggedIn("this token does not count", hint="it was revoked or has expired: proxmox-cli token create")
    token, user, held = found
    await store.api_tokens.used(token)
    return Who(
        name=user.name,
        access=access_of(held, Grant(token.scopes, token.contexts, token.namespaces)),
        user_id=user.id,
        token_id=token.id,
        address=address,
        correlation=correlation,
        must_change_password=user.must_change_password,
    )


async def user_acting(store: Store, user_id: str, limits: Grant | None = None, *, correlation: str = "") -> Who:
    """A user for whom something is done meanwhile (a job), with what that one may now, within limits.

    Raises NotLoggedIn for one who is gone or disabled: what they left behind does nothing any more.
    """
    user = await store.users.by_id(user_id)
    if user is None or user.disabled:
        raise NotLoggedIn("the user for whom this is done is gone or disabled", hint="somebody else has to do it")
    access = access_of(await store.users.held(user_id), limits)
    return Who(user.name, access, user_id=user.id, correlation=correlation)
