"""verify: who signed an archive."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keyring", default="", metavar="FILE", help="Public keys; else ~/.gnupg/pubring.gpg.")
def command(file: Path, keyring: str) -> None:
    """Check who signed FILE.

    FILE.prov beside it must say what it is, and somebody of the keyring must have signed that.
    """
    from proxmox_mpc.interfaces.cli._chart_sources import local, verified
    from proxmox_mpc.interfaces.cli._run import within

    one = local(file, signed=True)
    names = within(lambda session: verified(session, one, keyring))
    for name in names:
        click.echo(f"signed by {click.style(name, fg='green')}")
    click.echo(f"{file.name} is what was signed")
