"""Fill a chart's `charts/` on this disk with what its Chart.yaml or its lock names."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions._vendoring import VendoredResult


def vendor(folder: Path, *, build: bool) -> None:
    """Update, or with `build` what the lock names; archives first and the lock last, so that a break leaves no lie."""
    from proxmox_mpc.actions.dependency_build import DependencyBuildRequest, dependency_build
    from proxmox_mpc.actions.dependency_update import DependencyUpdateRequest, dependency_update
    from proxmox_mpc.interfaces.cli._chart_sources import folder_archive, write_file
    from proxmox_mpc.interfaces.cli._run import within

    archive, folders = folder_archive(folder), _folders(folder)

    async def work(session: Session) -> VendoredResult:
        if build:
            return await dependency_build(session, DependencyBuildRequest(chart=archive, folders=folders))
        return await dependency_update(session, DependencyUpdateRequest(chart=archive, folders=folders))

    made = within(work)
    for name in made.removed:
        (folder / "charts" / Path(name).name).unlink(missing_ok=True)
        click.echo(f"removed charts/{name}")
    for name, data in made.packages.items():
        write_file(folder / "charts" / Path(name).name, base64.b64decode(data))
        click.echo(f"wrote charts/{name}")
    if not build or not (folder / made.lock_name).is_file():
        write_file(folder / made.lock_name, made.lock.encode())


def _folders(folder: Path) -> dict[str, str]:
    """The charts of this disk that Chart.yaml and the lock name by `file://`; paths are relative to the chart."""
    from proxmox_mpc.charts.chart import load_folder
    from proxmox_mpc.interfaces.cli._chart_sources import folder_archive

    chart = load_folder(folder)
    needs = [*chart.metadata.dependencies, *(chart.lock.dependencies if chart.lock else ())]
    paths = {one.repository.removeprefix("file://") for one in needs if one.repository.startswith("file://")}
    return {path: folder_archive(folder / path) for path in sorted(paths) if (folder / path).is_dir()}
