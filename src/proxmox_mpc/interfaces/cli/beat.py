"""beat: a process that makes the jobs of schedules."""

from __future__ import annotations

import os
import sys

import click


@click.command("beat")
def command() -> None:
    """Make the jobs of schedules, until it is asked to end; several may run at once."""
    sys.stdout.flush()
    # The process itself becomes it: signals reach it, and nothing of the command line stays loaded.
    os.execv(sys.executable, [sys.executable, "-m", "proxmox_mpc.interfaces.worker", "beat"])  # noqa: S606
