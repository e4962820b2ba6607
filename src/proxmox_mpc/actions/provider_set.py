"""Keep a login provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._providers import EVERYBODY, ProviderView, must_answer_for
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name
from proxmox_mpc.errors import InvalidInput, UsageError
from proxmox_mpc.people.provider_settings import ProviderSettings, PveSettings, read_settings
from proxmox_mpc.store.people_records import LOCAL, CreateUsers

if TYPE_CHECKING:
    from proxmox_mpc.store import LoginProvider

_RESERVED = (LOCAL, "manual")
"""This server itself; and the memberships that no provider renews."""
Theirs = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=500)]


class ProviderInvalid(InvalidInput):
    """That cannot be a provider."""

    code = "provider.invalid"


class ProviderSetRequest(Request):
    """A provider, as a whole; only the secret stays where it is not given."""

    name: Name = Field(description="What people choose it by.")
    settings: ProviderSettings = Field(description="What has to be known of it, by its type.")
    secret: str | None = Field(
        default=None,
        description="The password of an LDAP bind, the secret of an OIDC client.",
        repr=False,
        max_length=4096,
    )
    enabled: bool = Field(default=True, description="Whether people can log in by it.")
    groups: dict[Name, list[Theirs]] = Field(
        default={}, description="Our groups, each with theirs whose members are in it; * is everybody.", max_length=200
    )
    create_users: CreateUsers = Field(
        default="grouped",
        description="Who becomes a user at the first login: all, those in a group that is named, or none.",
    )


class ProviderSetResult(Result):
    """The provider as it is now."""

    provider: ProviderView


@action(permission="providers:write", route="PUT /providers/{name}", scope="server", writes=True)
async def provider_set(session: Session, request: ProviderSetRequest) -> ProviderSetResult:
    """Keep who answers for people that log in. You need all that those may who come in by it."""
    from proxmox_mpc.store import LoginProvider

    store = await session.store()
    if request.name in _RESERVED:
        raise UsageError(f"{request.name} is no name for a provider: it has a meaning of its own")
    before = await store.login_providers.find(request.name)
    for group in request.groups:
        await store.groups.get(group)
    named = any(set(theirs) - {EVERYBODY} for theirs in request.groups.values())
    if request.create_users == "grouped" and not named:
        hint = "--group OURS=THEIRS, --create-users all, or none where only those come in who are users already"
        raise ProviderInvalid("nobody would get in: no group of theirs is named", hint=hint)
    await must_answer_for(session, request.name, {*request.groups, *(before.groups if before is not None else ())})
    if isinstance(request.settings, PveSettings):
        known = [context.name for context in await store.contexts.list()]
        if request.settings.context not in known:
            hint = f"contexts of the store: {', '.join(known) or 'none'}"
            raise ProviderInvalid(f"there is no context {request.settings.context!r}", hint=hint)
    provider = LoginProvider(
        request.name,
        request.settings.type,
        request.settings.model_dump(mode="json"),
        request.groups,
        request.create_users,
        request.enabled,
        _kept(before, request) if request.secret is None else request.secret,
    )
    await store.login_providers.put(provider)
    return ProviderSetResult(provider=ProviderView.of(provider))


def _kept(before: LoginProvider | None, request: ProviderSetRequest) -> str:
    """The secret that was kept, for the very place that it was given for. Raises ProviderInvalid."""
    if before is None or not before.secret:
        return ""
    if before.type != request.settings.type or read_settings(before.settings).destination != (
        request.settings.destination
    ):
        raise ProviderInvalid("the secret was given for another place", hint="give it once more, or an empty one")
    return before.secret
