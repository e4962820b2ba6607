"""validate: check manifests without a cluster."""

from __future__ import annotations

from collections.abc import Sequence

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("validate")
@_options.files
@_options.recursive
@_options.namespace
def command(files: Sequence[str], recursive: bool, namespace: str) -> None:
    """Check manifests: syntax, kinds, fields, types, units, names. Asks no cluster."""
    from proxmox_mpc.actions.validate import ValidateRequest, validate
    from proxmox_mpc.interfaces.cli._files import read
    from proxmox_mpc.interfaces.cli._run import call

    request = ValidateRequest(texts=read(files, recursive), namespace=namespace or "default")
    result = call(validate, request)
    for name in result.resources:
        click.echo(f"{click.style('✓', fg='green')} {name}")
    count = len(result.resources)
    click.echo(f"{count} {'resource is' if count == 1 else 'resources are'} valid")
