"""status: how applications are."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("status")
@click.argument("application", required=False, default="")
@_options.context
@_options.output
def command(application: str, context: str, output: str) -> None:
    """Show applications, and whether what they own is as it was applied: synced, drifted, restart pending, missing."""
    from proxmox_mpc.actions.status import StatusRequest, status
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(status, StatusRequest(application=application), context=context)
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    if output in ("table", "wide") and (application or len(result.items) == 1):
        item = result.items[0]
        chart = f"  {item.chart}" if item.chart else ""
        head = f"revision {item.revision} ({item.status})  {item.health}{chart}"
        click.echo(f"{click.style(item.name, bold=True)}  {head}\n")
        rows = [(f"{m.kind} {_label(m.namespace, m.name)}", m.state, m.where, m.detail) for m in item.members]
        click.echo(_output.table(["RESOURCE", "STATE", "WHERE", "DETAIL"], rows) if rows else "owns nothing")
        if item.notes.strip():
            click.echo(f"\n{item.notes.strip()}")
        return
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.name for item in result.items],
            titles=["APPLICATION", "REVISION", "STATUS", "HEALTH", "RESOURCES", "UPDATED"],
            rows=[
                (i.name, i.revision, i.status, i.health, len(i.members), f"{i.updated_at:%Y-%m-%d %H:%M:%S}")
                for i in result.items
            ],
            right=[False, True, False, False, True, False],
            empty=f"nothing was applied on {result.context} yet: proxmox-cli apply -f FILE",
        )
    )


def _label(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name
