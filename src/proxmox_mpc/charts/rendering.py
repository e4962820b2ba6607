"""A whole chart rendered: what `helm template` shows (pkg/chart/common/util and pkg/engine, Helm 4.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxmox_mpc.charts.engine import Source, render
from proxmox_mpc.charts.language.go_types import Values
from proxmox_mpc.charts.objects import BuildInfo, Capabilities, Files, KubeVersion, Versions, chart_object

if TYPE_CHECKING:
    from proxmox_mpc.charts.chart import Chart
    from proxmox_mpc.charts.language.state import Budget, Environment


@dataclass(frozen=True, slots=True)
class Release:
    """`.Release`."""

    name: str
    namespace: str = "default"
    revision: int = 1
    is_upgrade: bool = False
    service: str = "Helm"

    @property
    def object(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Namespace": self.namespace,
            "IsUpgrade": self.is_upgrade,
            "IsInstall": not self.is_upgrade,
            "Revision": self.revision,
            "Service": self.service,
        }


@dataclass(frozen=True, slots=True)
class Cluster:
    """What `.Capabilities` says. The defaults are those of Helm 4.2.3, which charts for Kubernetes ask for.

    `pve_version` ("9.1.2") is there for charts of this product, on a cluster.
    """

    kube_version: str = "v1.36.0"
    pve_version: str = ""
    helm_version: str = "v4.2"
    go_version: str = "go1.26.6"
    api_versions: tuple[str, ...] = field(default=())

    @property
    def object(self) -> Capabilities:
        from proxmox_mpc.charts.kubernetes import API_VERSIONS

        pve = {"PVEVersion": KubeVersion(self.pve_version)} if self.pve_version else {}
        return Capabilities(
            **pve,
            KubeVersion=KubeVersion(self.kube_version),
            APIVersions=Versions(self.api_versions or API_VERSIONS),
            HelmVersion=BuildInfo(
                Version=self.helm_version,
                GitCommit="",
                GitTreeState="",
                GoVersion=self.go_version,
                KubeClientVersion=".".join(self.kube_version.split(".")[:2]),
            ),
        )


def rendered(
    chart: Chart,
    values: Mapping[str, Any],
    release: Release,
    cluster: Cluster | None = None,
    environment: Environment | None = None,
    budget: Budget | None = None,
) -> dict[str, str]:
    """Every template's text by its full name (`web/templates/vm.yaml`), NOTES.txt among them.

    `chart` and `values` are what `charts.values.processed` made: dependencies chosen, values coalesced. Raises
    RenderError.
    """
    return render(sources_of(chart, values, release, cluster), environment, budget)


def sources_of(
    chart: Chart, values: Mapping[str, Any], release: Release, cluster: Cluster | None = None
) -> dict[str, Source]:
    """Every template of a chart by its full name, with what `.` is for it."""
    sources: dict[str, Source] = {}
    _gather(chart, "", Values(values), release.object, (cluster or Cluster()).object, sources)
    return sources


def _gather(
    chart: Chart,
    parent: str,
    values: Values,
    release: dict[str, Any],
    capabilities: Capabilities,
    sources: dict[str, Source],
) -> Values:
    """Add a chart's templates and those of the charts in it; `.` of this chart."""
    path = f"{parent}/charts/{chart.name}" if parent else chart.name
    subcharts: dict[str, Any] = {}
    dot = Values(
        {
            "Chart": chart_object(chart, is_root=not parent),
            "Files": Files({file.name: file.data for file in chart.files}),
            "Release": release,
            "Capabilities": capabilities,
            "Values": values,
            "Subcharts": subcharts,
        }
    )
    for child in chart.dependencies:
        theirs = values.get(child.name)
        inner = Values(theirs if isinstance(theirs, dict) else {})
        if theirs is not None:
            # One map for both charts: what the parent's templates `set` in it, the sub-chart's see.
            values[child.name] = inner
        subcharts[child.name] = _gather(child, path, inner, release, capabilities, sources)
    is_library = chart.metadata.type.lower() == "library"
    for file in chart.templates:
        if is_library and not file.name.rpartition("/")[2].startswith("_"):
            continue
        sources[f"{path}/{file.name}"] = Source(file.text, dot, f"{path}/templates")
    return dot
