"""config: the contexts, which are the clusters that commands act on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.servers import Known


@click.group("config")
def command() -> None:
    """Make, choose and list contexts: the clusters that commands act on."""


@command.command("get-contexts")
@_options.output
def get_contexts(output: str) -> None:
    """List the contexts, and which one is current."""
    from proxmox_mpc.actions.context_list import ContextListRequest, context_list
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(context_list, ContextListRequest(), here=True)
    servers, current = _servers()
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    if current:
        page = [{**item, "current": False} for item in page]
    page += [
        {
            "name": one.name,
            "type": "server",
            "endpoints": [one.url],
            "login": one.user,
            "trust": "none (insecure)" if one.insecure else "fingerprint" if one.fingerprint else "system",
            "source": f"context {one.context}" if one.context else "login",
            "current": one.name == current,
        }
        for one in servers
    ]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item["name"] for item in page],
            titles=["CURRENT", "NAME", "TYPE", "ENDPOINTS", "LOGIN", "TRUST", "FROM"],
            rows=[
                (
                    "*" if i["current"] else "",
                    i["name"],
                    i.get("type", "cluster"),
                    ",".join(i["endpoints"]),
                    i["login"],
                    i["trust"],
                    i["source"],
                )
                for i in page
            ],
            empty="no contexts yet: proxmox-cli config set-context NAME --endpoint https://pve1:8006 …",
        )
    )


def _servers() -> tuple[list[Known], str]:
    """The servers that this user is logged in to, by name, and the current one; none where --server names another."""
    from proxmox_mpc.interfaces.cli._run import server_named
    from proxmox_mpc.interfaces.cli._servers import servers

    if server_named():
        return [], ""
    found, current = servers().read()
    return [found[name] for name in sorted(found)], current


@command.command("use-context")
@click.argument("name")
def use_context(name: str) -> None:
    """Choose the context that commands act on when they name none: a cluster, or a server (see login)."""
    from proxmox_mpc.actions.context_use import ContextUseRequest, context_use
    from proxmox_mpc.interfaces.cli._run import call, server_named
    from proxmox_mpc.interfaces.cli._servers import servers

    known = servers()
    if not server_named() and name in known.read()[0]:
        known.choose(name)
        click.echo(f"the current context is {name}: commands run on {known.get(name).url}")
        return
    click.echo(f"the current context is {call(context_use, ContextUseRequest(name=name), here=True).name}")
    if not server_named():
        known.choose("")


@command.command("set-context")
@click.argument("name")
@click.option("--endpoint", "endpoints", multiple=True, help="A node, such as https://pve1:8006; several for failover.")
@click.option("--token-id", help="API token, such as root@pam!mpc.")
@click.option("--token-secret", help="The token's secret; `-` reads it from standard input.")
@click.option("--user", help="User with realm, such as root@pam.")
@click.option("--password", help="The user's password; `-` reads it from standard input.")
@click.option("--fingerprint", help="SHA-256 fingerprint of the certificate to trust.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CA certificate, a PEM file.")
@click.option("--insecure/--secure", default=None, help="Trust any certificate.")
@click.option("--use", is_flag=True, help="Make it the current context.")
def set_context(
    name: str,
    endpoints: Sequence[str],
    token_id: str | None,
    token_secret: str | None,
    user: str | None,
    password: str | None,
    fingerprint: str | None,
    ca: Path | None,
    insecure: bool | None,
    use: bool,
) -> None:
    """Make or change a context; its secrets are encrypted in the store.

    A secret that is asked for and not given is read from the terminal, so that it stands in no history.
    """
    from proxmox_mpc.actions.context_set import ContextSetRequest, context_set
    from proxmox_mpc.interfaces.cli._run import call, server_named
    from proxmox_mpc.interfaces.cli._servers import servers

    request = ContextSetRequest(
        name=name,
        endpoints=list(endpoints),
        token_id=token_id,
        token_secret=_secret(token_secret, "Token secret", asked=token_id is not None),
        user=user,
        password=_secret(password, "Password", asked=user is not None),
        fingerprint=fingerprint,
        ca=ca.read_text(encoding="utf-8") if ca else None,
        insecure=insecure,
        use=use,
    )
    result = call(context_set, request, here=True)
    if result.current and not server_named():
        servers().choose("")  # what was just chosen is what the next command acts on
    current = ", and is the current one" if result.current else f"; proxmox-cli config use-context {name} chooses it"
    click.echo(f"context {name} {'made' if result.created else 'changed'}{current}")


def _secret(given: str | None, title: str, *, asked: bool) -> str | None:
    import sys

    if given == "-":
        return sys.stdin.readline().rstrip("\n")
    if given is None and asked and sys.stdin.isatty():
        return str(click.prompt(title, hide_input=True, err=True))
    return given


@command.command("delete-context")
@click.argument("name")
@_options.yes
def delete_context(name: str, yes: bool) -> None:
    """Remove a context and its secrets from the store; the cluster is not touched."""
    from proxmox_mpc.actions.context_delete import ContextDeleteRequest, context_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Remove context {name} and its secrets?", yes)
    click.echo(f"context {call(context_delete, ContextDeleteRequest(name=name), here=True).name} removed")


@command.command("view")
def view() -> None:
    """Show the contexts without their secrets, as YAML."""
    from proxmox_mpc.actions.context_list import ContextListRequest, context_list
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(context_list, ContextListRequest(), here=True)
    click.echo(_output.as_yaml([item.model_dump(mode="json", by_alias=True) for item in result.items]))
