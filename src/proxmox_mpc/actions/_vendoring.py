"""What dependency update and build share: a chart in, what its `charts/` is to hold out."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result
from proxmox_mpc.actions._repositories import folder_of, text_of
from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.dependencies import OpenFolder, Vendored


class Vendoring(Request):
    """Which chart, and the charts that its `file://` dependencies mean."""

    chart: str = Field(description="The chart: a .tgz in base64.", repr=False)
    folders: dict[str, str] = Field({}, description="Charts by their paths, each a .tgz in base64.", repr=False)

    @property
    def open_folder(self) -> OpenFolder:
        def opened(path: str) -> Chart:
            return folder_of(self.folders, path)

        return opened


class VendoredResult(Result):
    """Files for `charts/` in base64, archives there that go, and the text of Chart.lock."""

    packages: dict[str, str] = Field(repr=False)
    removed: list[str]
    lock_name: str
    lock: str


def vendored_result(chart: Chart, made: Vendored) -> VendoredResult:
    return VendoredResult(
        packages={one.name: text_of(one.data) for one in made.packages},
        removed=list(made.removed),
        lock_name="requirements.lock" if chart.metadata.api_version == "v1" else "Chart.lock",
        lock=made.lock_text,
    )
