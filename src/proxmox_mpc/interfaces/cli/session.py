"""session: where users are logged in."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("session")
def command() -> None:
    """Where you are logged in to the server."""


@command.command("list")
@click.option("--all", "all_", is_flag=True, help="Those of all users.")
@_options.context
@_options.output
def list_(all_: bool, context: str, output: str) -> None:
    """List sessions, the newest first."""
    from proxmox_mpc.actions.session_list import SessionListRequest, session_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "ID": lambda one: f"{one.id} *" if one.current else one.id,
        "USER": lambda one: one.user,
        "CLIENT": lambda one: one.client,
        "ADDRESS": lambda one: one.address,
        "BEGAN": lambda one: _people.at(one.created_at),
        "LAST": lambda one: _people.at(one.refreshed_at),
        "EXPIRES": lambda one: _people.at(one.expires_at),
    }
    items = call(session_list, SessionListRequest(all=all_), context=context).items
    _people.show(output, items, columns, lambda one: one.id, empty="no sessions")


@command.command("revoke")
@click.argument("id")
@_options.context
def revoke(id: str, context: str) -> None:
    """End a session; its tokens count no more at once."""
    from proxmox_mpc.actions.session_revoke import SessionRevokeRequest, session_revoke
    from proxmox_mpc.interfaces.cli._run import call

    click.echo(f"session {call(session_revoke, SessionRevokeRequest(id=id), context=context).id} has ended")
