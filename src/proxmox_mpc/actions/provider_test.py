"""Ask a login provider whether it could answer."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name


class ProviderTestRequest(Request):
    """Which provider."""

    name: Name = Field(description="The provider's name.")


class ProviderTestResult(Result):
    """What the provider says of itself."""

    name: str
    detail: str


@action(permission="providers:write", route="POST /providers/{name}/test", scope="server")
async def provider_test(session: Session, request: ProviderTestRequest) -> ProviderTestResult:
    """Ask a login provider whether it could answer: its address, its certificate, the login of a directory."""
    provider = await (await session.store()).login_providers.get(request.name)
    return ProviderTestResult(name=provider.name, detail=await (await session.open_provider(provider)).test())
