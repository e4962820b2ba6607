"""chart create: the files of a new chart."""

from __future__ import annotations

import base64
from pathlib import Path

import click

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("create")
@click.argument("name", metavar="NAME")
@click.option("-p", "--starter", type=_FOLDER, metavar="FOLDER", help="A chart to start from, with <CHARTNAME> in it.")
def command(name: str, starter: Path | None) -> None:
    """Make a chart that installs as it is.

    It stands in the folder NAME, and has virtual machines from a template, and a test. Example: chart create web-tier
    """
    scaffold(name, starter)


def scaffold(name: str, starter: Path | None) -> None:
    """Write a new chart's files into a folder that is not there yet."""
    from proxmox_mpc.actions.chart_create import ChartCreateRequest, chart_create
    from proxmox_mpc.errors import RefusedError
    from proxmox_mpc.interfaces.cli._chart_sources import folder_archive, write_file
    from proxmox_mpc.interfaces.cli._run import call

    folder = Path(name)
    if folder.exists():
        raise RefusedError(f"{folder} is there already", hint="another name, or remove it; nothing was overwritten")
    archive = folder_archive(starter) if starter else ""
    result = call(chart_create, ChartCreateRequest(name=folder.name, starter=archive))
    for path, data in result.files.items():
        write_file(folder / path, base64.b64decode(data))
    click.echo(f"made {click.style(str(folder), bold=True)}: proxmox-cli lint {folder}, and install NAME {folder}")
