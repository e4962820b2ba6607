"""version: which Proxmox-MPC this is."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("version")
@_options.context
@click.option("--cluster", is_flag=True, help="Also ask the cluster for its version.")
def command(context: str, cluster: bool) -> None:
    """Show the version of Proxmox-MPC, and with --cluster the cluster's."""
    from proxmox_mpc import __version__

    click.echo(f"proxmox-cli {__version__}")
    if cluster:
        from proxmox_mpc.actions.test_connection import TestConnectionRequest, test_connection
        from proxmox_mpc.interfaces.cli._run import call

        result = call(test_connection, TestConnectionRequest(), context=context)
        click.echo(f"PVE {result.version} ({result.context})")
