"""dependency: the charts that a chart needs."""

from __future__ import annotations

from pathlib import Path

import click

from proxmox_mpc.interfaces.cli import _options

_CHART = click.argument("chart", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.group("dependency")
def command() -> None:
    """List and get the charts that a chart needs."""


@command.command("list")
@_CHART
@_options.output
def list_(chart: Path, output: str) -> None:
    """List what CHART needs, and whether that is there: ok, unpacked, missing, wrong version …"""
    from proxmox_mpc.actions.dependency_list import DependencyListRequest, dependency_list
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._chart_sources import folder_archive
    from proxmox_mpc.interfaces.cli._run import call

    result = call(dependency_list, DependencyListRequest(chart=folder_archive(chart)))
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.name for item in result.items],
            titles=["NAME", "VERSION", "REPOSITORY", "STATUS"],
            rows=[(i.name, i.version, i.repository, i.status) for i in result.items],
            empty=f"{chart} needs no other charts",
        )
    )
    for remark in result.remarks:
        click.echo(f"note: {remark}", err=True)


@command.command("update")
@_CHART
def update(chart: Path) -> None:
    """Get the newest charts that CHART's Chart.yaml allows into charts/, and lock them in Chart.lock.

    They come from repositories (URLs, or @NAME as repo add named them), from folders (file://../database) or stand in
    charts/ already.
    """
    from proxmox_mpc.interfaces.cli._vendoring import vendor

    vendor(chart, build=False)


@command.command("build")
@_CHART
def build(chart: Path) -> None:
    """Get the charts that CHART's Chart.lock names into charts/; without a lock file as update does."""
    from proxmox_mpc.interfaces.cli._vendoring import vendor

    vendor(chart, build=True)
