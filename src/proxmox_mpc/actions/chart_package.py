"""Make a chart's archive."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._releases import chart_of
from proxmox_mpc.actions._repositories import bytes_of, text_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.packaging import package
from proxmox_mpc.charts.provenance import sign


class ChartPackageRequest(Request):
    """Which chart, and whether it is signed."""

    chart: str = Field(description="The chart: a .tgz in base64.", repr=False)
    version: str = Field("", description="Another version than Chart.yaml says.")
    app_version: str = Field("", description="Another appVersion than Chart.yaml says.")
    key: str = Field("", description="Name of the key that signs it; else it is not signed.")
    keyring: str = Field("", description="The keyring that has the key, in base64.", repr=False)
    passphrase: str = Field("", description="What opens the key.", repr=False)


class ChartPackageResult(Result):
    """The archive in base64, and who signed it says `provenance`."""

    file_name: str
    data: str = Field(repr=False)
    digest: str
    provenance: str = ""


@action(permission="charts:read", route="POST /charts/package", scope="anywhere")
async def chart_package(session: Session, request: ChartPackageRequest) -> ChartPackageResult:
    """Make a chart's archive, as repositories hold it; with a key, signed."""
    made = package(chart_of(request.chart), version=request.version, app_version=request.app_version)
    signed = sign(made, bytes_of(request.keyring, "keyring"), request.key, request.passphrase) if request.key else ""
    return ChartPackageResult(file_name=made.name, data=text_of(made.data), digest=made.digest, provenance=signed)
