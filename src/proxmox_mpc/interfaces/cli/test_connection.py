"""test-connection: try a context."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("test-connection")
@_options.context
@_options.output
def command(context: str, output: str) -> None:
    """Try a context: reach it, log in, and show what the login may do."""
    from proxmox_mpc.actions.test_connection import TestConnectionRequest, test_connection
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(test_connection, TestConnectionRequest(), context=context)
    if output == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
        return
    where = f"cluster {result.cluster}" if result.cluster else "one node"
    click.echo(f"{click.style('✓', fg='green')} {result.context}: PVE {result.version}, {where}, {result.nodes} nodes")
    click.echo(f"  endpoints:  {', '.join(result.endpoints)}")
    click.echo(f"  login:      {result.user}")
    click.echo(
        f"  privileges: {len(result.privileges)}" + ("" if result.privileges else " (this login may do nothing)")
    )
