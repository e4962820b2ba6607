"""Delete a login provider."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._providers import must_answer_for
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name


class ProviderDeleteRequest(Request):
    """Which provider."""

    name: Name = Field(description="The provider's name.")


class ProviderDeleteResult(Result):
    """The provider that is gone."""

    name: str


@action(permission="providers:write", route="DELETE /providers/{name}", scope="server", writes=True)
async def provider_delete(session: Session, request: ProviderDeleteRequest) -> ProviderDeleteResult:
    """Delete a login provider. Its users stay, but their sessions end, and they cannot log in any more."""
    store = await session.store()
    provider = await store.login_providers.get(request.name)
    await must_answer_for(session, provider.name, provider.groups)
    await store.login_providers.delete(provider.name)
    return ProviderDeleteResult(name=provider.name)
