"""Check manifests without a cluster."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._planning import ManifestText, load
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.order import edges
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE


class ValidateRequest(Request):
    """Which manifests."""

    texts: list[ManifestText] = Field(description="Manifests.")
    namespace: str = Field(DEFAULT_NAMESPACE, description="Namespace for manifests that name none.")


class ValidateResult(Result):
    """What is in them."""

    resources: list[str]


@action(permission="resources:read", route="POST /plans/validate", scope="own")
async def validate(session: Session, request: ValidateRequest) -> ValidateResult:
    """Check manifests: syntax, kinds, fields, types, units, names. Asks no cluster."""
    resources, _ = await load(session, request.texts, request.namespace, with_secrets=False)
    edges(resources, find_kind)
    return ValidateResult(resources=[str(resource.key) for resource in resources])
