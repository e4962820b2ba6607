"""logs: the log of a task."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("logs")
@click.argument("target", metavar="UPID|GUEST")
@_options.context
@click.option("-f", "--follow", is_flag=True, help="Go on until the task ends.")
def command(target: str, context: str, follow: bool) -> None:
    """Show the log of a task, or of a guest's last task."""
    from proxmox_mpc.actions.logs import LogsRequest, logs
    from proxmox_mpc.engine.journal import Progress
    from proxmox_mpc.interfaces.cli._run import call

    def line(progress: Progress) -> None:
        click.echo(progress.text)

    result = call(logs, LogsRequest(target=target, follow=follow), context=context, report=line)
    if not follow:
        click.echo("\n".join(result.lines))
