"""worker: a process that does jobs."""

from __future__ import annotations

import os
import sys

import click


@click.command("worker")
def command() -> None:
    """Do jobs, until it is asked to end: from the table, or as Celery brings them."""
    sys.stdout.flush()
    # The process itself becomes it: signals reach it, and nothing of the command line stays loaded.
    os.execv(sys.executable, [sys.executable, "-m", "proxmox_mpc.interfaces.worker", "worker"])  # noqa: S606
