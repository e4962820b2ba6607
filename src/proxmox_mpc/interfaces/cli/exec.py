"""exec: a program runs in guests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _guests

if TYPE_CHECKING:
    from proxmox_mpc.actions._guests.turns import GuestsResult


class _WithProgram(click.Command):
    """What stands after `--` is the program, whatever it looks like."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["program"] = args[at + 1 :]
        return super().parse_args(ctx, args[:at])


@click.command("exec", cls=_WithProgram)
@_guests.options
@click.option("-i", "--stdin", is_flag=True, help="Type standard input into it.")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds that it may take.", metavar="SECONDS")
def command(stdin: bool, timeout: float, **chosen: Any) -> None:
    """Run a program in VMs by their guest agent: exec GUEST… -- PROGRAM WORD…

    Its output and its exit code are those of this command; of many VMs each line begins with the VM's name. No shell
    is between: `-- sh -c '…'` is one. PVE's API runs no programs in containers.

    Examples: exec web -- uname -a · exec -l env=prod -- systemctl is-active nginx · exec web -i -- sh < script
    """
    from proxmox_mpc.actions.guest_exec import guest_exec

    program: list[str] = click.get_current_context().meta["program"]
    _guests.act(
        guest_exec,
        chosen,
        show=_output,
        quiet=True,
        retry=lambda items: [*_guests.guests_again(items), "--", *program],
        command=program,
        typed=sys.stdin.read() if stdin else "",
        timeout_s=timeout,
    )


def _output(result: GuestsResult) -> str:
    """What the programs wrote, as they wrote it."""
    many = len(result.items) > 1
    for item in result.items:
        click.echo(_lines(item.name, str(item.result.get("stderr", "")), many), nl=False, err=True)
    return "".join(_lines(item.name, str(item.result.get("stdout", "")), many) for item in result.items)


def _lines(name: str, text: str, many: bool) -> str:
    if not many or not text:
        return text
    return "".join(f"{name}: {line}\n" for line in text.splitlines())
