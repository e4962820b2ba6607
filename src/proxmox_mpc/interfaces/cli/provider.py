"""provider: who else answers for people that log in to a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proxmox_mpc.interfaces.cli import _options

_LISTS = ("scopes",)
"""Settings that are several words, with commas between them."""
_FLAGS = ("plain",)


@click.group("provider")
def command() -> None:
    """Who answers for people that log in to a server: PVE realms, directories (LDAP), OpenID, SAML."""


@command.command("list")
@_options.context
@_options.output
def list_(context: str, output: str) -> None:
    """List the providers; their secrets are never shown."""
    from proxmox_mpc.actions.provider_list import ProviderListRequest, provider_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "NAME": lambda one: one.name,
        "TYPE": lambda one: one.settings.type,
        "ENABLED": lambda one: "yes" if one.enabled else "no",
        "CREATES USERS": lambda one: one.create_users,
        "GROUPS": lambda one: ", ".join(one.groups),
        "WHERE": lambda one: one.settings.destination[0],
    }
    items = call(provider_list, ProviderListRequest(), context=context).items
    _people.show(output, items, columns, lambda one: one.name, "no providers: proxmox-cli provider set NAME …")


@command.command("set")
@click.argument("name")
@click.option("--type", "type_", required=True, type=click.Choice(["pve", "ldap", "oidc", "saml"]), help="What it is.")
@click.option(
    "-s", "--setting", "settings", multiple=True, metavar="KEY=VALUE", help="KEY=@FILE reads a file; may be repeated."
)
@click.option("--secret", metavar="SECRET", help="Of an LDAP bind or an OIDC client; `-` reads it. Else it stays.")
@click.option("--group", "groups", multiple=True, metavar="OURS=THEIRS", help="Whose members are in OURS; * is all.")
@click.option(
    "--create-users",
    type=click.Choice(["all", "grouped", "none"]),
    default="grouped",
    show_default=True,
    help="Who becomes a user at the first login; grouped: who is in a group that --group names.",
)
@click.option("--disabled", is_flag=True, help="Nobody logs in by it, and its users' sessions end.")
@_options.context
def set_(
    name: str,
    type_: str,
    settings: tuple[str, ...],
    secret: str | None,
    groups: tuple[str, ...],
    create_users: str,
    disabled: bool,
    context: str,
) -> None:
    """Keep a provider, as a whole; only the secret stays where it is not given.

    Settings: pve: context, realm; ldap: url, base, bindDn, ca and more; oidc: issuer, clientId, scopes and more;
    saml: metadata (@FILE) and more.
    docs/users.md has an example of each. Example: provider set lab --type pve -s context=lab -s realm=pve --group
    operators=ops
    """
    from proxmox_mpc.actions.provider_set import ProviderSetRequest, provider_set
    from proxmox_mpc.interfaces.cli._login import secret as told
    from proxmox_mpc.interfaces.cli._run import call

    mapping: dict[str, list[str]] = {}
    for one in groups:
        ours, theirs = _pair(one, "--group OURS=THEIRS")
        mapping.setdefault(ours, []).append(theirs)
    given = {
        "type": type_,
        **{key: _value(key, value) for key, value in (_pair(one, "-s KEY=VALUE") for one in settings)},
    }
    asked: dict[str, Any] = {
        "name": name,
        "settings": given,
        "groups": mapping,
        "createUsers": create_users,
        "enabled": not disabled,
        **({} if secret is None else {"secret": told(secret, "Secret")}),
    }
    provider = call(provider_set, ProviderSetRequest.model_validate(asked), context=context).provider
    state = "" if provider.enabled else ", disabled"
    click.echo(f"{provider.name} is kept{state}; proxmox-cli provider test {provider.name} asks it")


@command.command("test")
@click.argument("name")
@_options.context
def test(name: str, context: str) -> None:
    """Ask a provider whether it could answer: its address, its certificate, its own login."""
    from proxmox_mpc.actions.provider_test import ProviderTestRequest, provider_test
    from proxmox_mpc.interfaces.cli._run import call

    click.echo(call(provider_test, ProviderTestRequest(name=name), context=context).detail)


@command.command("delete")
@click.argument("name")
@_options.context
@_options.yes
def delete(name: str, context: str, yes: bool) -> None:
    """Delete a provider; its users stay, but cannot log in any more."""
    from proxmox_mpc.actions.provider_delete import ProviderDeleteRequest, provider_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Delete the provider {name}, and end the sessions of its users?", yes)
    click.echo(f"{call(provider_delete, ProviderDeleteRequest(name=name), context=context).name} is deleted")


def _pair(text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"{text!r} is not {form}.")
    return name, value


def _value(key: str, text: str) -> Any:
    if text.startswith("@"):
        return Path(text[1:]).read_text(encoding="utf-8")
    if key in _FLAGS:
        return {"true": True, "false": False}.get(text.lower(), text)
    return text.split(",") if key in _LISTS else text
