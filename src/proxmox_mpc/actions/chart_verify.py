"""Check who signed a chart's archive."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import bytes_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.provenance import verify


class ChartVerifyRequest(Request):
    """An archive, what was signed, and whom we trust."""

    file_name: str = Field(description="The archive's name, as it was signed.")
    data: str = Field(description="The archive in base64.", repr=False)
    provenance: str = Field(description="The text of its .prov.", repr=False)
    keyring: str = Field(description="Public keys of those who may sign, in base64.", repr=False)


class ChartVerifyResult(Result):
    """An archive that is what its signer said it is."""

    file_name: str
    digest: str
    signed_by: list[str]


@action(permission="charts:read", route="POST /charts/verify", scope="anywhere")
async def chart_verify(session: Session, request: ChartVerifyRequest) -> ChartVerifyResult:
    """Check that an archive is what somebody signed whose key is in a keyring."""
    made = Package(request.file_name, bytes_of(request.data, "archive"))
    found = verify(made, request.provenance, bytes_of(request.keyring, "keyring"))
    return ChartVerifyResult(file_name=found.file_name, digest=found.file_hash, signed_by=list(found.signed_by))
