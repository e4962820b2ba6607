"""history: an application's revisions."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("history")
@click.argument("application")
@_options.context
@_options.output
@click.option("--revision", type=int, help="Show this revision's plan.")
def command(application: str, context: str, output: str, revision: int | None) -> None:
    """Show an application's revisions, oldest first."""
    from proxmox_mpc.actions._views import PlanView
    from proxmox_mpc.actions.history import HistoryRequest, history
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._plan_text import plan_text
    from proxmox_mpc.interfaces.cli._run import call

    result = call(history, HistoryRequest(application=application, revision=revision), context=context)
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    if revision is not None and output == "table":
        item = result.items[0]
        click.echo(f"revision {item.number}, {item.status}, by {item.actor} at {item.created_at:%Y-%m-%d %H:%M:%S}")
        click.echo(plan_text(PlanView.model_validate(item.plan)))
        for hook in item.result.get("hooks", ()):
            click.echo(f"{hook['event']} hook {hook['name']}: {hook['status']}, {hook['seconds']:.1f} s")
            for line in hook["log"] if hook["status"] != "succeeded" else ():
                click.echo(f"    {line}")
        return
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [str(item.number) for item in result.items],
            titles=["REVISION", "UPDATED", "STATUS", "CHART", "CHANGES", "BY", "WHAT"],
            rows=[
                (
                    i.number,
                    f"{i.created_at:%Y-%m-%d %H:%M:%S}",
                    i.status,
                    i.chart or "-",
                    i.changes,
                    i.actor,
                    f"{i.note} {i.source}".strip(),
                )
                for i in result.items
            ],
            right=[True, False, False, False, True, False, False],
        )
    )
