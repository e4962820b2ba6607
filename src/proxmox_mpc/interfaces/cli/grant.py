"""grant: who holds which role, where."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("grant")
def command() -> None:
    """Who holds which role, in which contexts and namespaces."""


@command.command("list")
@click.option("--user", default="", help="Only those of this user, without groups.", metavar="NAME")
@click.option("--group", default="", help="Only those of this group.", metavar="NAME")
@click.option("--role", default="", help="Only those of this role.", metavar="NAME")
@_options.context
@_options.output
def list_(user: str, group: str, role: str, context: str, output: str) -> None:
    """List the grants."""
    from proxmox_mpc.actions.grant_list import GrantListRequest, grant_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "ID": lambda grant: grant.id,
        "ROLE": lambda grant: grant.role,
        "FOR": lambda grant: f"{grant.subject_type} {grant.subject}",
        "CONTEXTS": lambda grant: _people.where(grant.contexts),
        "NAMESPACES": lambda grant: _people.where(grant.namespaces),
    }
    items = call(grant_list, GrantListRequest(user=user, group=group, role=role), context=context).items
    _people.show(output, items, columns, lambda grant: str(grant.id), empty="no grants")


@command.command("add")
@click.argument("role")
@click.option("--user", default=None, help="The user who gets it.", metavar="NAME")
@click.option("--group", default=None, help="The group whose members get it.", metavar="NAME")
@click.option("--in", "contexts", multiple=True, help="A context where it holds; else all.", metavar="NAME")
@click.option(
    "-n", "--namespace", "namespaces", multiple=True, help="A namespace where it holds; else all.", metavar="NS"
)
@_options.context
def add(
    role: str,
    user: str | None,
    group: str | None,
    contexts: tuple[str, ...],
    namespaces: tuple[str, ...],
    context: str,
) -> None:
    """Grant a role. You need all that it permits there, and cannot grant to yourself.

    Example: grant add operator --group web --in home -n shop
    """
    from proxmox_mpc.actions.grant_add import GrantAddRequest, grant_add
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    request = GrantAddRequest(
        role=role, user=user, group=group, contexts=_people.words(contexts), namespaces=_people.words(namespaces)
    )
    result = call(grant_add, request, context=context)
    grant = result.grant
    for remark in result.remarks:
        click.echo(f"note: {remark}", err=True)
    where = f"contexts: {_people.where(grant.contexts)}; namespaces: {_people.where(grant.namespaces)}"
    click.echo(f"{grant.subject_type} {grant.subject} is {grant.role} ({where}), grant {grant.id}")


@command.command("remove")
@click.argument("id", type=click.IntRange(1, 2**31 - 1))
@_options.context
def remove(id: int, context: str) -> None:
    """Take a grant back; that counts at once."""
    from proxmox_mpc.actions.grant_remove import GrantRemoveRequest, grant_remove
    from proxmox_mpc.interfaces.cli._run import call

    click.echo(f"grant {call(grant_remove, GrantRemoveRequest(id=id), context=context).id} is taken back")
