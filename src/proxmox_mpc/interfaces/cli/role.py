"""role: what can be granted."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("role")
def command() -> None:
    """Roles of the server's users. (Roles of the cluster are a kind: get roles, explain role.)"""


@command.command("list")
@_options.context
@_options.output
def list_(context: str, output: str) -> None:
    """List the roles and what they permit."""
    from proxmox_mpc.actions.role_list import RoleListRequest, role_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "NAME": lambda role: role.name,
        "BUILT IN": lambda role: "yes" if role.built_in else "",
        "PERMISSIONS": lambda role: ", ".join(role.permissions),
        "DESCRIPTION": lambda role: role.description,
    }
    items = call(role_list, RoleListRequest(), context=context).items
    _people.show(output, items, columns, lambda role: role.name)


@command.command("permissions")
@_options.context
def permissions(context: str) -> None:
    """List the permissions that roles and tokens are made of; * stands for either word."""
    from proxmox_mpc.actions.role_list import RoleListRequest, role_list
    from proxmox_mpc.interfaces.cli._run import call

    click.echo("\n".join(call(role_list, RoleListRequest(), context=context).permissions))


@command.command("create")
@click.argument("name")
@click.argument("permissions", nargs=-1, required=True)
@click.option("--description", default="", help="What it is for.", metavar="TEXT")
@_options.context
def create(name: str, permissions: tuple[str, ...], description: str, context: str) -> None:
    """Make a role of permissions, none of which you lack yourself.

    Example: role create deployer resources:* charts:read jobs:read
    """
    from proxmox_mpc.actions.role_create import RoleCreateRequest, role_create
    from proxmox_mpc.interfaces.cli._run import call

    request = RoleCreateRequest(name=name, permissions=list(permissions), description=description)
    click.echo(f"the role {call(role_create, request, context=context).name} is made")


@command.command("set")
@click.argument("name")
@click.argument("permissions", nargs=-1)
@click.option("--description", default=None, help="What it is for.", metavar="TEXT")
@_options.context
def set_(name: str, permissions: tuple[str, ...], description: str | None, context: str) -> None:
    """Change what a role permits, for all who hold it."""
    from proxmox_mpc.actions.role_set import RoleSetRequest, role_set
    from proxmox_mpc.interfaces.cli._run import call

    request = RoleSetRequest(name=name, permissions=list(permissions) or None, description=description)
    result = call(role_set, request, context=context)
    click.echo(f"{result.name}: {', '.join(result.permissions)}")


@command.command("delete")
@click.argument("name")
@_options.context
@_options.yes
def delete(name: str, context: str, yes: bool) -> None:
    """Delete a role that nobody holds."""
    from proxmox_mpc.actions.role_delete import RoleDeleteRequest, role_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Delete the role {name}?", yes)
    click.echo(f"{call(role_delete, RoleDeleteRequest(name=name), context=context).name} is deleted")
