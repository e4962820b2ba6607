"""List login providers."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._providers import ProviderView
from proxmox_mpc.actions._session import Session


class ProviderListRequest(Request):
    """All providers."""


class ProviderListResult(Result):
    """The providers by name."""

    items: list[ProviderView]


@action(permission="providers:read", route="GET /providers", scope="server")
async def provider_list(session: Session, request: ProviderListRequest) -> ProviderListResult:
    """List who else answers for people that log in: PVE realms, directories, OpenID and SAML providers."""
    providers = await (await session.store()).login_providers.list()
    return ProviderListResult(items=[ProviderView.of(one) for one in providers])
