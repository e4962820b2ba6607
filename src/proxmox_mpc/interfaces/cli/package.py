"""package: a chart's archive."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

_SECRET_KEYRING = "~/.gnupg/secring.gpg"  # noqa: S105  GnuPG 1's file, where Helm looks
_PASSPHRASE = "PROXMOX_MPC_PASSPHRASE"  # noqa: S105  a variable's name


@click.command("package")
@click.argument("charts", nargs=-1, required=True, metavar="CHART…")
@click.option("--version", default="", metavar="VERSION", help="Another version than Chart.yaml says.")
@click.option("--app-version", default="", metavar="TEXT", help="Another appVersion than Chart.yaml says.")
@click.option(
    "-d", "--destination", default=".", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Folder."
)
@click.option("-u", "--dependency-update", is_flag=True, help="Update its dependencies before.")
@click.option("--sign", is_flag=True, help="Sign it, with the key that --key names.")
@click.option("--key", default="", metavar="NAME", help="Name of the key, or a part of it.")
@click.option("--keyring", default=_SECRET_KEYRING, metavar="FILE", help=f"Secret keys; else {_SECRET_KEYRING}.")
@click.option("--passphrase-file", "opener", default="", metavar="FILE", help=f"Opens the key; else ${_PASSPHRASE}.")
def command(
    charts: Sequence[str],
    version: str,
    app_version: str,
    destination: Path,
    dependency_update: bool,
    sign: bool,
    key: str,
    keyring: str,
    opener: str,
) -> None:
    """Make the archives of charts.

    CHART is a folder; the same one gives the same bytes. Examples: package ./web-tier · package ./web-tier -d public
    --version 1.2.0 --sign --key ops@example.com --keyring secret.gpg
    """
    from proxmox_mpc.actions.chart_package import ChartPackageRequest, chart_package
    from proxmox_mpc.errors import NotFoundError, UsageError
    from proxmox_mpc.interfaces.cli._chart_sources import folder_archive, keyring_of, write_file
    from proxmox_mpc.interfaces.cli._run import call

    if sign and not key:
        raise UsageError("--sign needs the name of a key", hint="--key NAME --keyring FILE")
    secret = os.environ.get(_PASSPHRASE, "")
    if opener:
        secret = sys.stdin.read() if opener == "-" else Path(opener).read_text(encoding="utf-8")
        secret = secret.partition("\n")[0]
    for name in charts:
        folder = Path(name)
        if not folder.is_dir():
            raise NotFoundError(f"there is no folder {name}", hint="proxmox-cli create NAME makes a chart")
        if dependency_update:
            from proxmox_mpc.interfaces.cli._vendoring import vendor

            vendor(folder, build=False)
        request = ChartPackageRequest(
            chart=folder_archive(folder),
            version=version,
            app_version=app_version,
            key=key if sign else "",
            keyring=keyring_of(keyring) if sign else "",
            passphrase=secret,
        )
        made = call(chart_package, request)
        target = destination / made.file_name
        write_file(target, base64.b64decode(made.data))
        click.echo(f"wrote {target}")
        if made.provenance:
            write_file(destination / f"{made.file_name}.prov", made.provenance.encode())
            click.echo(f"wrote {target}.prov")
