"""completion: the shell's completion script."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    bash: source <(proxmox-cli completion bash)
    """
    from click.shell_completion import get_completion_class

    from proxmox_mpc.interfaces.cli._app import root

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(root, {}, "proxmox-cli", "_PROXMOX_CLI_COMPLETE").source())
