"""pull: a chart from a repository, onto this disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proxmox_mpc.interfaces.cli import _charts

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("pull")
@click.argument("chart")
@click.option("-d", "--destination", default=".", type=_FOLDER, metavar="DIR", help="Folder for the archive.")
@click.option("--untar", is_flag=True, help="Unpack it.")
@click.option("--untardir", default=".", type=_FOLDER, metavar="DIR", help="Folder to unpack it in.")
@click.option("--prov", is_flag=True, help="Get what says who signed it, too.")
@_charts.source
def command(chart: str, destination: Path, untar: bool, untardir: Path, prov: bool, **where: Any) -> None:
    """Get a chart's archive from a repository.

    CHART is REPOSITORY/NAME, a URL, oci-layout:FOLDER/NAME:VERSION, or a name with --repo. Examples: pull
    shop/web-tier --untar · pull web-tier --repo https://charts.example.com --version ^1
    """
    from proxmox_mpc.charts.archive import unpack
    from proxmox_mpc.charts.chart import load_archive
    from proxmox_mpc.errors import RefusedError
    from proxmox_mpc.interfaces.cli._chart_sources import fetched, write_file
    from proxmox_mpc.interfaces.cli._run import within

    made = within(lambda session: fetched(session, chart, provenance=prov, **where))
    name = load_archive(made.data).name
    if untar:
        folder = (untardir if untardir != Path() else destination) / name
        if folder.exists():
            raise RefusedError(f"{folder} is there already", hint="--untardir DIR, or remove it")
        for path, data in unpack(made.data).items():
            write_file(folder / path, data)
        click.echo(f"unpacked {folder}")
        return
    target = destination / Path(made.file_name).name
    write_file(target, made.data)
    click.echo(f"wrote {target}")
    if made.provenance:
        beside = target.with_name(f"{target.name}.prov")
        write_file(beside, made.provenance.encode())
        click.echo(f"wrote {beside}")
