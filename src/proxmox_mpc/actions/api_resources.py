"""List the kinds that can be declared."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.kinds import all_kinds


class ApiResourcesRequest(Request):
    """All kinds."""


class KindView(Result):
    """One kind and its names."""

    name: str
    plural: str
    short_names: list[str]
    namespaced: bool
    summary: str


class ApiResourcesResult(Result):
    """The kinds, by name."""

    items: list[KindView]


@action(permission="system:read", route="GET /resources", scope="own")
async def api_resources(session: Session, request: ApiResourcesRequest) -> ApiResourcesResult:
    """List the kinds that can be declared."""
    return ApiResourcesResult(
        items=[
            KindView(
                name=kind.name,
                plural=kind.plural,
                short_names=list(kind.short),
                namespaced=kind.namespaced,
                summary=(kind.model.__doc__ or "").partition("\n")[0],
            )
            for kind in all_kinds()
        ]
    )
