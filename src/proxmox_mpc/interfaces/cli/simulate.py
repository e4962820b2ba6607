"""simulate: a PVE cluster without hardware."""

from __future__ import annotations

import click


@click.command(
    "simulate",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option("--save-context", default="", metavar="NAME", help="Save it as this context and make it current.")
@click.pass_context
def command(ctx: click.Context, save_context: str) -> None:
    """Run a simulated PVE cluster on this machine, until interrupted.

    It is a process of its own, with the real API's paths, checks and wording. `--help` shows its options.
    """
    from proxmox_mpc.interfaces.cli._simulate import run

    raise SystemExit(run(ctx.args, save_context))
