"""tasks: the cluster's recent tasks."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("tasks")
@_options.context
@_options.output
@click.option("--node", default="", help="Only this node's.", metavar="NODE")
@click.option("--guest", default="", help="Only this VMID's.", metavar="VMID")
@click.option("--errors", is_flag=True, help="Only those that failed.")
@click.option("--limit", default=25, show_default=True, help="How many at the most.", metavar="N")
def command(context: str, output: str, node: str, guest: str, errors: bool, limit: int) -> None:
    """List the cluster's recent tasks, newest first."""
    from proxmox_mpc.actions.tasks import TasksRequest, tasks
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    request = TasksRequest(node=node, guest=guest, errors=errors, limit=limit)
    result = call(tasks, request, context=context)
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.upid for item in result.items],
            titles=[
                "STARTED",
                "NODE",
                "TYPE",
                "ID",
                "USER",
                "STATUS",
                *(["UPID"] if output in ("wide", "csv") else []),
            ],
            rows=[
                (
                    f"{i.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
                    i.node,
                    i.type,
                    i.id,
                    i.user,
                    i.status,
                    *([i.upid] if output in ("wide", "csv") else []),
                )
                for i in result.items
            ],
            empty="no tasks",
        )
    )
