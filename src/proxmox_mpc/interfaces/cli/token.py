"""token: personal API tokens."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("token")
def command() -> None:
    """Your personal API tokens, for programs that use the server."""


@command.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help="A permission that it has; else yours.", metavar="PERMISSION")
@click.option("--in", "contexts", multiple=True, help="A context where it counts; else all.", metavar="NAME")
@click.option("-n", "--namespace", "namespaces", multiple=True, help="A namespace; else all.", metavar="NS")
@click.option("--days", default=90, show_default=True, help="How many days it counts.", type=click.IntRange(1, 3650))
@click.option("-o", "--output", default="", help="yaml or json.", type=click.Choice(["", "yaml", "json"]))
@_options.context
def create(
    name: str,
    scopes: tuple[str, ...],
    contexts: tuple[str, ...],
    namespaces: tuple[str, ...],
    days: int,
    output: str,
    context: str,
) -> None:
    """Make a token and print it: it is told only once.

    Example: token create ci --scope resources:* --scope jobs:read --in home -n shop
    """
    from proxmox_mpc.actions.token_create import TokenCreateRequest, token_create
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    lists = {"scopes": scopes, "contexts": contexts, "namespaces": namespaces}
    request = TokenCreateRequest(name=name, days=days, **{key: _people.words(given) for key, given in lists.items()})
    made = call(token_create, request, context=context)
    what = f"{made.name} ({made.id}) counts until {_people.at(made.expires_at)}; it is not shown again:"
    _people.told_once(what, made.token, output, made.model_dump(mode="json", by_alias=True))


@command.command("list")
@click.option("--all", "all_", is_flag=True, help="Those of all users.")
@_options.context
@_options.output
def list_(all_: bool, context: str, output: str) -> None:
    """List your tokens, without themselves."""
    from proxmox_mpc.actions.token_list import TokenListRequest, token_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "NAME": lambda token: token.name,
        "ID": lambda token: token.id,
        "USER": lambda token: token.user,
        "SCOPES": lambda token: ", ".join(token.scopes),
        "CONTEXTS": lambda token: _people.where(token.contexts),
        "NAMESPACES": lambda token: _people.where(token.namespaces),
        "EXPIRES": lambda token: _people.at(token.expires_at),
        "USED": lambda token: _people.at(token.used_at),
    }
    items = call(token_list, TokenListRequest(all=all_), context=context).items
    _people.show(output, items, columns, lambda token: token.id, empty="no tokens")


@command.command("revoke")
@click.argument("id")
@_options.context
def revoke(id: str, context: str) -> None:
    """Revoke a token by its id, or one of yours by its name; it counts no more at once."""
    from proxmox_mpc.actions.token_revoke import TokenRevokeRequest, token_revoke
    from proxmox_mpc.interfaces.cli._run import call

    result = call(token_revoke, TokenRevokeRequest(id=id), context=context)
    click.echo(f"{result.name} ({result.id}) counts no more")
