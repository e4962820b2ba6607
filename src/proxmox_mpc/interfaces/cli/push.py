"""push: a chart's archive into a repository on this disk."""

from __future__ import annotations

import base64
from pathlib import Path

import click


@click.command("push")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target")
@click.option("--url", default="", metavar="URL", help="Where the repository is served; else its paths are relative.")
@click.option("--force", is_flag=True, help="Put it in the place of another archive of this version.")
def command(file: Path, target: str, url: str, force: bool) -> None:
    """Publish a chart's archive in a repository's folder.

    TARGET is a folder with an index.yaml, which is written anew, or oci-layout:FOLDER. A FILE.prov beside it goes
    along. Examples: push web-tier-1.2.0.tgz /srv/charts · push web-tier-1.2.0.tgz oci-layout:/srv/images
    """
    from proxmox_mpc.actions.chart_push import ChartPushRequest, chart_push
    from proxmox_mpc.charts.chart import load_archive
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli._chart_sources import LAYOUT, write_file
    from proxmox_mpc.interfaces.cli._run import call

    data = file.read_bytes()
    layout = target.startswith(LAYOUT)
    if "://" in target:
        hint = "a folder that a web server serves, or oci-layout:FOLDER"
        raise UsageError(f"nothing is pushed over the network: {target}", hint=hint)
    folder = Path(target.removeprefix(LAYOUT)) / load_archive(data).name if layout else Path(target)
    listed = folder / ("index.json" if layout else "index.yaml")
    beside = file.with_name(f"{file.name}.prov")
    request = ChartPushRequest(
        data=base64.b64encode(data).decode("ascii"),
        provenance=beside.read_text("utf-8", "replace") if beside.is_file() else "",
        target="layout" if layout else "repository",
        index=listed.read_text(encoding="utf-8") if listed.is_file() else "",
        url=url,
        force=force,
    )
    result = call(chart_push, request)
    # The index last: whoever reads it finds what it names.
    for name in sorted(result.files, key=lambda name: name == listed.name):
        write_file(folder / name, base64.b64decode(result.files[name]))
    where = f"{LAYOUT}{folder}:{result.version}" if layout else f"{folder}"
    click.echo(f"{click.style(result.name, bold=True)} {result.version} is in {where}")
