"""What verbs on people share: lists, moments, secrets that are told once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

from proxmox_mpc.actions._action import Result

R = TypeVar("R", bound=Result)


def show(
    output: str,
    items: Sequence[R],
    columns: dict[str, Callable[[R], Any]],
    name: Callable[[R], str],
    empty: str = "nothing found",
) -> None:
    """Print a list in the form that `-o` asks for."""
    from proxmox_mpc.interfaces.cli import _output

    page = [item.model_dump(mode="json", by_alias=True) for item in items]
    rows = [[cell(item) for cell in columns.values()] for item in items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [name(item) for item in items],
            titles=list(columns),
            rows=rows,
            empty=empty,
        )
    )


def at(moment: datetime | None) -> str:
    """A moment in this machine's time zone."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment is not None else ""


def where(names: Sequence[str]) -> str:
    """Contexts or namespaces."""
    return "all" if "*" in names else ", ".join(names)


def words(given: Sequence[str]) -> list[str]:
    """What was given with commas, by repeating an option, or both; nothing means all."""
    return [word.strip() for one in given for word in one.split(",") if word.strip()] or ["*"]


def told_once(what: str, secret: str, output: str, document: dict[str, Any]) -> None:
    """A secret alone on standard output, so that it can go straight to where it is kept; what it is on the other."""
    from proxmox_mpc.interfaces.cli import _output

    if output == "json":
        click.echo(_output.as_json(document))
    elif output == "yaml":
        click.echo(_output.as_yaml(document))
    else:
        click.echo(what, err=True)
        click.echo(secret)
