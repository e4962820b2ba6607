"""webhook: others are told over HTTP what happens."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("webhook")
def command() -> None:
    """Tell others over HTTP what happens: jobs, applications, guests. See docs/webhooks.md."""


@command.command("set")
@click.argument("name")
@click.option("--url", default="", help="Where messages are sent: https://…")
@click.option(
    "--room", "rooms", multiple=True, metavar="ROOM", help="What it is told of: jobs, applications/web, guests."
)
@click.option("--secret", default="", help="Signs what is sent; made where none is given.")
@click.option("--enable/--disable", "enabled", default=None, help="Whether it is told anything.")
def set_(name: str, url: str, rooms: tuple[str, ...], secret: str, enabled: bool | None) -> None:
    """Make or change a webhook.

    Example: webhook set chat --url https://chat.example.org/hook --room jobs
    """
    from proxmox_mpc.actions.webhook_set import WebhookSetRequest, webhook_set
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    request = WebhookSetRequest(name=name, url=url, rooms=list(rooms), secret=secret, enabled=enabled)
    result = call(webhook_set, request)
    said = f"webhook {name} {'made' if result.created else 'changed'}"
    if result.secret:
        _people.told_once(f"{said}; this signs what it is sent, and is not shown again:", result.secret, "", {})
    else:
        click.echo(said)


@command.command("list")
@_options.output
def list_(output: str) -> None:
    """List the webhooks, and whether they take what they are told."""
    from proxmox_mpc.actions.webhook_list import WebhookListRequest, webhook_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._run import call

    columns = {
        "NAME": lambda hook: hook.name,
        "URL": lambda hook: hook.url,
        "ROOMS": lambda hook: ", ".join(hook.rooms),
        "STATE": lambda hook: "disabled" if not hook.enabled else "failed" if hook.failures else "OK",
        "LAST": lambda hook: hook.last_id,
        "PROBLEM": lambda hook: _problem(hook),
    }
    items = call(webhook_list, WebhookListRequest()).items
    _people.show(
        output, items, columns, lambda hook: hook.name, empty="no webhooks: proxmox-cli webhook set NAME --url …"
    )


def _problem(hook: Any) -> str:
    told = [f"{hook.last_error} ({hook.failures} times)"] if hook.failures else []
    told += [f"{hook.missed} messages were forgotten before it took them"] if hook.missed else []
    return "; ".join(told)


@command.command("delete")
@click.argument("name")
@_options.yes
def delete(name: str, yes: bool) -> None:
    """Forget a webhook and its secret."""
    from proxmox_mpc.actions.webhook_delete import WebhookDeleteRequest, webhook_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Forget webhook {name}?", yes)
    call(webhook_delete, WebhookDeleteRequest(name=name))
    click.echo(f"webhook {name} is forgotten")
