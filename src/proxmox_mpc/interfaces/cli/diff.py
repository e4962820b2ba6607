"""diff: how the cluster differs from manifests."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _options

COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command("diff")
@_options.desired
def command(context: str, **wished: Any) -> None:
    """Show how the cluster differs from these manifests; exits with 3 where it does."""
    from proxmox_mpc.actions.diff import diff
    from proxmox_mpc.interfaces.cli._files import desired
    from proxmox_mpc.interfaces.cli._run import call

    result = call(diff, desired(**wished), context=context)
    for item in result.items:
        for line in item.lines:
            click.echo(click.style(line, fg=COLOURS.get(line[:1]), bold=line.startswith(("---", "+++"))))
        if not item.lines:
            click.echo(f"{item.resource} would be taken over as it is")
    if not result.items:
        click.echo("no differences")
    else:
        raise SystemExit(3)
