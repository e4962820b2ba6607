"""Show the live state of what manifests name."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._planning import ManifestText, load
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import require_wanted, visible
from proxmox_mpc.actions.get import GetResult, result_of
from proxmox_mpc.applications.ownership import owned_by_key
from proxmox_mpc.engine.observe import observe
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE


class GetDeclaredRequest(Request):
    """Which manifests."""

    texts: list[ManifestText] = Field(description="Manifests.")
    namespace: str = Field(DEFAULT_NAMESPACE, description="Namespace for manifests that name none.")
    application: str = Field("default", description="The application that owns these resources.")
    full: bool = Field(False, description="With configurations.")


class GetDeclaredResult(Result):
    """What was found, kind by kind, and what is not on the cluster."""

    kinds: list[GetResult]
    missing: list[str]


@action(permission="resources:read", route="POST /resources/declared", scope="namespace")
async def get_declared(session: Session, request: GetDeclaredRequest) -> GetDeclaredResult:
    """Show the live state of what these manifests name."""
    resources, _ = await load(session, request.texts, request.namespace)
    await require_wanted(session, resources)
    context = await session.context()
    owned = await owned_by_key(await session.store(), context.name)
    found = await observe(await session.view(), find_kind, resources, owned, request.application)
    kinds = []
    for name in dict.fromkeys(resource.key.kind for resource in resources):
        lives = [s.live for key, s in found.items() if key.kind == name and s.live is not None]
        kinds.append(result_of(find_kind(name), await visible(session, lives), full=request.full))
    missing = [str(key) for key, sighting in found.items() if sighting.live is None]
    return GetDeclaredResult(kinds=kinds, missing=missing)
