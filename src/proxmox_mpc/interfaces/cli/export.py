"""export: write down what lives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("export")
def command() -> None:
    """Write down what lives on the cluster."""


@command.command("manifests")
@click.argument("kinds", nargs=-1)
@_options.context
@_options.namespace
@_options.selector
@click.option("--out", default="", metavar="DIR", help="Write one file per object below this directory.")
def manifests(kinds: Sequence[str], context: str, namespace: str, selector: str, out: str) -> None:
    """Write down what lives as manifests, which plan to nothing.

    Defaults, secrets and what the server made up are left out. Examples: export manifests · export manifests vms
    pools -n production · export manifests --out live
    """
    from proxmox_mpc.actions.export_manifests import ExportManifestsRequest, export_manifests
    from proxmox_mpc.interfaces.cli._run import call

    request = ExportManifestsRequest(kinds=list(kinds), namespace=namespace, selector=selector)
    result = call(export_manifests, request, context=context)
    for line in result.left_out:
        click.echo(f"{click.style('left out', fg='yellow')}  {line}", err=True)
    if not out:
        click.echo("---\n".join(file.content for file in result.files), nl=False)
        return
    for file in result.files:
        path = Path(out) / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.tmp")
        beside.write_text(file.content)
        os.replace(beside, path)
    for name in result.secrets:
        click.echo(f"{click.style('secret', fg='yellow')}  to make it elsewhere: proxmox-cli secret set {name}")
    click.echo(f"{len(result.files)} manifests written below {out}. To own them: proxmox-cli adopt -f {out} -R")
