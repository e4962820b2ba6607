"""Write down what lives as manifests: one clean file per object, which plan to nothing."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import sight
from proxmox_mpc.actions._writing_down import FileView, write_down


class ExportManifestsRequest(Request):
    """Which objects."""

    kinds: list[str] = Field([], description="Kinds, by any of their names; all when empty.")
    namespace: str = Field("", description="Only this namespace, and no cluster-wide kinds; all when empty.")
    selector: str = Field("", description="Labels that must match.")


class ExportManifestsResult(Result):
    """The manifests, ordered by path, what could not be read, and the secrets that the manifests name."""

    context: str
    files: list[FileView]
    left_out: list[str]
    secrets: list[str] = []


@action(permission="resources:read", route="GET /manifests", scope="namespace")
async def export_manifests(session: Session, request: ExportManifestsRequest) -> ExportManifestsResult:
    """Write down what lives as manifests, without defaults, secrets, and what the server made up."""
    view, context = await session.view(), await session.context()
    sees = await sight(session)
    files, left_out = await write_down(
        view, request.kinds, namespace=request.namespace, selector=request.selector, sees=sees
    )
    secrets = sorted({name for file in files for name in file.secrets})
    return ExportManifestsResult(context=context.name, files=files, left_out=left_out, secrets=secrets)
