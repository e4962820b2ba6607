"""logout: end the login on a server."""

from __future__ import annotations

import click


@click.command("logout")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """End the login on a server, and forget the server; without a name, on the current one."""
    from proxmox_mpc.actions.logout import LogoutRequest, logout
    from proxmox_mpc.errors import MpcError, UsageError
    from proxmox_mpc.interfaces.cli._run import call
    from proxmox_mpc.interfaces.cli._servers import servers

    known = servers()
    meant = name or known.read()[1]
    if not meant:
        raise UsageError("no server is the current context", hint="proxmox-cli logout NAME; config get-contexts lists")
    server = known.get(meant)
    try:
        call(logout, LogoutRequest(), context=server.name)
    except MpcError as error:
        # A login that is over, a token, a server that is gone: it is forgotten here all the same.
        click.echo(f"the server was not told: {error.message}", err=True)
    known.forget(meant)
    click.echo(f"logged out of {server.url}")
