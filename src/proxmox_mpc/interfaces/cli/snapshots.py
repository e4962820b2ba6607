"""snapshots: what policies do with them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("snapshots")
def command() -> None:
    """Snapshots that policies take."""


@command.command("rotate")
@click.argument("policies", nargs=-1, metavar="[POLICY…]")
@click.option("--dry-run", is_flag=True, help="Say what is due, and do nothing.")
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
@_options.context
def rotate(policies: Sequence[str], dry_run: bool, output: str, context: str) -> None:
    """Take the snapshots that are due, and delete those of the same policy that it does not keep any more.

    Others' snapshots are never touched. Policies are declared: see `explain SnapshotPolicy`.
    """
    from proxmox_mpc.actions.snapshot_rotate import SnapshotRotateRequest, snapshot_rotate
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import call

    request = SnapshotRotateRequest(policies=list(policies), dry_run=dry_run)
    with Show() as show:
        result = call(snapshot_rotate, request, context=context, report=show)
    if output == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
    elif not result.items:
        click.echo("Nothing is due.")
    else:
        for item in result.items:
            signs = [f"+ {item.taken}"] if item.taken else []
            done = ", ".join([*signs, *(f"- {name}" for name in item.deleted)])
            error = click.style(f"  error: {item.error}", fg="red") if item.error else ""
            click.echo(f"{item.policy}: {item.namespace}/{item.guest}  {done}{error}")
    if any(item.error for item in result.items):
        raise SystemExit(1)
