"""chart: the verbs of charts, below a noun."""

from __future__ import annotations

from importlib import import_module

import click

VERBS = ("create", "lint", "template", "package", "verify", "show", "dependency", "pull", "push")


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = "_scaffold" if cmd_name == "create" else cmd_name
        found: click.Command = import_module(f"proxmox_mpc.interfaces.cli.{module}").command
        return found


@click.group("chart", cls=_Verbs)
def command() -> None:
    """Make, check, render, package and share charts."""
