"""simulate: a PVE cluster without hardware."""

from __future__ import annotations

import click


@click.command(
    "simulate",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.option("--save-context", default="", metavar="NAME", help="Save it as this context and make it current.")
@click.option(
    "--from",
    "twin_of",
    default="",
    metavar="CONTEXT",
    help="Start as a copy of this live cluster, without its secrets.",
)
@click.option(
    "--write-seed", default="", metavar="FILE", help="With --from: keep the copy in this file, and do not start."
)
@click.pass_context
def command(ctx: click.Context, save_context: str, twin_of: str, write_seed: str) -> None:
    """Run a simulated PVE cluster on this machine, until interrupted.

    It is a process of its own, with the real API's paths, checks and wording. `--help` shows its options.
    """
    from proxmox_mpc.interfaces.cli import _simulate, _twin

    if write_seed and not twin_of:
        raise click.UsageError("--write-seed needs --from CONTEXT: it keeps the copy of that cluster in a file")
    if write_seed:
        _twin.keep(twin_of, write_seed)
        return
    if twin_of and (clash := sorted({"--preset", "--seed", "--nodes", "--guests"} & set(ctx.args))):
        raise click.UsageError(f"--from says what the cluster is; {clash[0]} cannot say it too")
    if not twin_of:
        raise SystemExit(_simulate.run(ctx.args, save_context))
    with _twin.copied(twin_of) as seed:
        raise SystemExit(_simulate.run(["--preset", "empty", "--seed", seed, *ctx.args], save_context))
