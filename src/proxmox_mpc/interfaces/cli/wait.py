"""wait: until a task ended or a guest is in a state."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("wait")
@click.argument("target", metavar="UPID|KIND/NAME")
@_options.context
@click.option("--for", "condition", default="", help="running, stopped, exists or gone.", metavar="STATE")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds before giving up.", metavar="SECONDS")
def command(target: str, context: str, condition: str, timeout: float) -> None:
    """Wait until a task ended, or a guest runs, stopped, exists or is gone.

    Examples: wait vm/web --for running · wait UPID:pve1:…
    """
    from proxmox_mpc.actions.wait import WaitRequest, wait
    from proxmox_mpc.interfaces.cli._run import call

    request = WaitRequest(target=target, condition=condition, timeout_s=timeout)
    result = call(wait, request, context=context)
    click.echo(f"{result.target}: {result.condition}")
