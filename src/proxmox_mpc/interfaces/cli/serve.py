"""serve: the REST API, the web app and background work, for a team."""

from __future__ import annotations

import os
import sys

import click


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Where to listen; else SERVER_HOST, else this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), help="Else SERVER_PORT, else 5109.")
@click.option("--simulate", is_flag=True, help="With a simulated cluster behind it, as context `simulated`.")
def command(host: str | None, port: int | None, simulate: bool) -> None:
    """Serve the REST API at /api/v1 (docs at /api/v1/docs), until interrupted.

    Settings come from the environment and .env: DATABASE_URL, SECRET_KEY, PROXMOX_SECRET_KEY, CELERY_BROKER_URL and
    others (docs/server.md). The first start makes an admin and prints its one-time password.
    """
    given = {"SERVER_HOST": host, "SERVER_PORT": port}
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value is not None}}
    # A process of its own kind: the command line's imports are not carried along, signals go to it alone.
    words = [sys.executable, "-m", "proxmox_mpc.interfaces.api", *(["--simulate"] if simulate else [])]
    sys.stdout.flush()
    os.execvpe(sys.executable, words, environment)  # noqa: S606  our own module, without a shell
