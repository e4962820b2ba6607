"""tag: guests get tags, and lose some."""

from __future__ import annotations

from typing import Any

import click

from proxmox_mpc.interfaces.cli import _guests


@click.command("tag")
@click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…] [+TAG…]")
@_guests.choosing
@click.option("--remove", multiple=True, metavar="TAG", help="A tag that they lose; may be repeated.")
def command(remove: tuple[str, ...], **chosen: Any) -> None:
    """Give guests tags, and take tags from them; `env=prod` is the tag env-prod.

    Words that begin with + are tags; without any, those after the first guest are. After `--`, -TAG takes one away.

    Examples: tag web db +env=prod · tag web prod --remove test · tag -l env=test +retired · tag web -- +prod -test
    """
    from proxmox_mpc.actions.tag import tag

    words = list(chosen["guests"])
    add = [word[1:] for word in words if word[:1] == "+"]
    minus = [word[1:] for word in words if word[:1] == "-"]
    guests = [word for word in words if word[:1] not in ("+", "-")]
    if not add and not minus:
        selects = any(chosen[name] for name in ("files", "selector", "field_selector", "everything"))
        guests, add = ([], guests) if selects else _guests.first(guests, "tag GUEST… +TAG…")
    chosen["guests"] = guests
    _guests.act(
        tag,
        chosen,
        retry=lambda items: [*_guests.guests_again(items), *(f"+{name}" for name in add)],
        add=add,
        remove=[*remove, *minus],
    )
