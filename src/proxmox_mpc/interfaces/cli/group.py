"""group: users who are granted the same."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("group")
def command() -> None:
    """Groups of the server's users. (Groups of the cluster are a kind: get groups, explain group.)"""


@command.command("list")
@_options.context
@_options.output
def list_(context: str, output: str) -> None:
    """List the groups and their members."""
    from proxmox_mpc.actions.group_list import GroupListRequest, group_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "NAME": lambda group: group.name,
        "MEMBERS": lambda group: ", ".join(group.members),
        "DESCRIPTION": lambda group: group.description,
    }
    items = call(group_list, GroupListRequest(), context=context).items
    _people.show(output, items, columns, lambda group: group.name, empty="no groups")


@command.command("create")
@click.argument("name")
@click.option("--description", default="", help="What it is for.", metavar="TEXT")
@_options.context
def create(name: str, description: str, context: str) -> None:
    """Make a group. Then: group set NAME --add USER, grant add ROLE --group NAME"""
    from proxmox_mpc.actions.group_create import GroupCreateRequest, group_create
    from proxmox_mpc.interfaces.cli._run import call

    request = GroupCreateRequest(name=name, description=description)
    click.echo(f"the group {call(group_create, request, context=context).name} is made")


@command.command("set")
@click.argument("name")
@click.option("--add", multiple=True, help="A user to become a member; may be repeated.", metavar="USER")
@click.option("--remove", multiple=True, help="A user to be a member no more; may be repeated.", metavar="USER")
@click.option("--description", default=None, help="What it is for.", metavar="TEXT")
@_options.context
def set_(name: str, add: tuple[str, ...], remove: tuple[str, ...], description: str | None, context: str) -> None:
    """Change a group's members. You need what the group holds, and cannot be one of them."""
    from proxmox_mpc.actions.group_set import GroupSetRequest, group_set
    from proxmox_mpc.interfaces.cli._run import call

    request = GroupSetRequest(name=name, add=list(add), remove=list(remove), description=description)
    result = call(group_set, request, context=context)
    click.echo(f"{result.name}: {', '.join(result.members) or 'nobody'}")


@command.command("delete")
@click.argument("name")
@_options.context
@_options.yes
def delete(name: str, context: str, yes: bool) -> None:
    """Delete a group and what was granted to it; its members stay."""
    from proxmox_mpc.actions.group_delete import GroupDeleteRequest, group_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Delete the group {name} and its grants?", yes)
    click.echo(f"{call(group_delete, GroupDeleteRequest(name=name), context=context).name} is deleted")
