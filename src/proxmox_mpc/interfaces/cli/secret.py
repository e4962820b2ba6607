"""secret: what manifests name and do not say, and what the cluster told once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("secret")
def command() -> None:
    """Secrets of the context, encrypted: those that manifests name, and those of API tokens that were made here."""


@command.command("set")
@click.argument("name")
@_options.context
@click.option("--from-env", default="", metavar="VARIABLE", help="Take it from this variable.")
@click.option("--from-file", default="", metavar="FILE", help="Take it from this file, without its last line break.")
def set_(name: str, context: str, from_env: str, from_file: str) -> None:
    """Keep a secret; without an option it is asked for, or read from standard input.

    In a manifest: password: { secretRef: NAME }
    """
    from proxmox_mpc.actions.secret_set import SecretSetRequest, secret_set
    from proxmox_mpc.errors import NotFoundError, UsageError
    from proxmox_mpc.interfaces.cli._run import call

    if from_env and from_file:
        raise UsageError("--from-env and --from-file exclude each other")
    if from_env and not os.environ.get(from_env):
        raise NotFoundError(f"the variable {from_env} is not set")
    if from_env:
        value = os.environ[from_env]
    elif from_file:
        value = Path(from_file).read_text(encoding="utf-8").removesuffix("\n")
    elif sys.stdin.isatty():
        value = click.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True)
    else:
        value = sys.stdin.read().rstrip("\n")
    if not value:
        raise UsageError("an empty secret is none")
    result = call(secret_set, SecretSetRequest(name=name, value=value), context=context)
    click.echo(f"{result.name} is kept for {result.context}. In a manifest: {{ secretRef: {result.name} }}")


@command.command("list")
@_options.context
@_options.output
def list_(context: str, output: str) -> None:
    """List the secrets by name; what they are is not told."""
    from proxmox_mpc.actions.secret_list import SecretListRequest, secret_list
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(secret_list, SecretListRequest(), context=context)
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.name for item in result.items],
            titles=["NAME", "SET"],
            rows=[(item.name, f"{item.at:%Y-%m-%d %H:%M}") for item in result.items],
        )
    )


@command.command("show")
@click.argument("kind_or_name")
@click.argument("name", required=False)
@_options.context
def show(kind_or_name: str, name: str | None, context: str) -> None:
    """Print a secret, and nothing else.

    Examples: secret show nas-password · secret show APIToken 'amy@pve!ci'
    """
    from proxmox_mpc.actions.secret_show import SecretShowRequest, secret_show
    from proxmox_mpc.interfaces.cli._run import call

    wanted = f"{kind_or_name}/{name}" if name else kind_or_name
    click.echo(call(secret_show, SecretShowRequest(name=wanted), context=context).value)


@command.command("delete")
@click.argument("name")
@_options.context
@_options.yes
def delete(name: str, context: str, yes: bool) -> None:
    """Forget a secret; what was made with it keeps it."""
    from proxmox_mpc.actions.secret_delete import SecretDeleteRequest, secret_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Forget the secret {name}?", yes)
    click.echo(f"{call(secret_delete, SecretDeleteRequest(name=name), context=context).name} is forgotten")


@command.command("rotate-key")
@_options.context
def rotate_key(context: str) -> None:
    """Encrypt every secret of the store with the newest key; then older ones can be taken away.

    First put a new key before the old one, for every server and worker: PROXMOX_SECRET_KEY=NEW,OLD, or a new first
    line in the key file.
    """
    from proxmox_mpc.actions.secret_rotate_key import SecretRotateKeyRequest, secret_rotate_key
    from proxmox_mpc.interfaces.cli._run import call

    changed = call(secret_rotate_key, SecretRotateKeyRequest(), context=context).changed
    click.echo(f"{changed} {'record is' if changed == 1 else 'records are'} encrypted with the newest key now")
