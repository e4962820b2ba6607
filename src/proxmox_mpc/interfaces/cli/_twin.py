"""Copy a live cluster for `simulate --from`: progress while it is read, then what is in the copy and what is not."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from proxmox_mpc.actions.twin import TwinRequest, TwinResult, twin
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.interfaces.cli._progress import Show
from proxmox_mpc.interfaces.cli._run import call

# Of what is left out, so much is shown; the rest is counted.
_SHOWN = 8


def keep(context: str, file: str) -> None:
    """Write the copy of a cluster into a file that only its owner may read."""
    path = Path(file)
    if not path.parent.is_dir():
        raise InvalidInput(f"there is no directory {path.parent}", hint="Make it first.")
    made = _copy(context)
    _write(path, made)
    click.echo(f"Written to {path}. Start it with: proxmox-cli simulate --preset empty --seed {path}", err=True)


@contextmanager
def copied(context: str) -> Iterator[str]:
    """The path of a seed file with the copy, as long as it is needed."""
    made = _copy(context)
    with tempfile.TemporaryDirectory(prefix="proxmox-mpc-twin-") as folder:
        path = Path(folder) / "twin.json"
        _write(path, made)
        yield str(path)


def _write(path: Path, made: TwinResult) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        # One that was there already keeps its mode.
        os.fchmod(descriptor, 0o600)
        json.dump(made.seed, file)


def _copy(context: str) -> TwinResult:
    with Show() as show:
        made = call(twin, TwinRequest(), context=context, report=show)
    size = f"{made.nodes} node{'s' * (made.nodes != 1)} and {made.guests:,} guest{'s' * (made.guests != 1)}"
    click.echo(f"Copied {click.style(made.context, bold=True)}: {size}, without secrets.", err=True)
    for line in made.left_out[:_SHOWN]:
        click.echo(f"  {click.style('not copied', fg='yellow')}  {line}", err=True)
    if len(made.left_out) > _SHOWN:
        click.echo(f"  and {len(made.left_out) - _SHOWN} more", err=True)
    return made
