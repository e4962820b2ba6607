"""secret: what a cluster told once, and the store keeps."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("secret")
def command() -> None:
    """Secrets that the cluster tells once: those of API tokens that were made here."""


@command.command("show")
@click.argument("kind")
@click.argument("name")
@_options.context
def show(kind: str, name: str, context: str) -> None:
    """Print the secret of an object, and nothing else.

    Example: secret show APIToken 'amy@pve!ci'
    """
    from proxmox_mpc.actions.secret_show import SecretShowRequest, secret_show
    from proxmox_mpc.interfaces.cli._run import call

    click.echo(call(secret_show, SecretShowRequest(kind=kind, name=name), context=context).value)
