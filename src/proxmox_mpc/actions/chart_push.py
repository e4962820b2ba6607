"""Publish a chart's archive."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._repositories import bytes_of, text_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.archive import MAX_CHART_BYTES
from proxmox_mpc.charts.chart import load_archive
from proxmox_mpc.charts.oci_layout import write_layout
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.repository import indexed, read_index, write_index
from proxmox_mpc.errors import InvalidInput, RefusedError


class ChartPushRequest(Request):
    """An archive, and the index of where it shall go."""

    data: str = Field(description="The archive in base64.", repr=False)
    provenance: str = Field("", description="The text of its .prov.", repr=False)
    target: Literal["repository", "layout"] = Field(description="A folder with an index.yaml, or an OCI image layout.")
    index: str = Field("", description="The index.yaml or index.json that is there already.", repr=False)
    url: str = Field("", description="URL of a repository, for its index; else its paths are relative.")
    force: bool = Field(False, description="Put it in the place of another archive of this version.")


class ChartPushResult(Result):
    """Files to be written, by their names in the target, in base64."""

    name: str
    version: str
    files: dict[str, str] = Field(repr=False)


class VersionPublished(RefusedError):
    """Another archive of this version is published."""

    code = "chart.published"


@action(permission="charts:read", route="POST /charts/push", scope="anywhere")
async def chart_push(session: Session, request: ChartPushRequest) -> ChartPushResult:
    """Publish a chart's archive: the files that put it into a repository's folder or into an OCI image layout."""
    data = bytes_of(request.data, "archive")
    if len(data) > MAX_CHART_BYTES:
        raise InvalidInput(f"the archive has more than {MAX_CHART_BYTES >> 20} MiB")
    about = load_archive(data).metadata
    made = Package(f"{about.name}-{about.version}.tgz", data)
    if request.target == "layout":
        files = write_layout(made, request.provenance, index=request.index.encode())
        return _result(about.name, about.version, files)
    there = read_index(request.index) if request.index else None
    versions = there.entries.get(about.name, ()) if there else ()
    published = next((one for one in versions if one.version == about.version), None)
    if published and published.digest not in ("", made.digest) and not request.force:
        hint = "a version that is published stays as it is: raise it in Chart.yaml, or --force"
        raise VersionPublished(f"{about.name} {about.version} is published, with another content", hint=hint)
    index = indexed([made], session.now(), base_url=request.url, merged=there)
    files = {made.name: made.data, "index.yaml": write_index(index).encode()}
    if request.provenance:
        files[f"{made.name}.prov"] = request.provenance.encode()
    return _result(about.name, about.version, files)


def _result(name: str, version: str, files: dict[str, bytes]) -> ChartPushResult:
    return ChartPushResult(name=name, version=version, files={path: text_of(data) for path, data in files.items()})
