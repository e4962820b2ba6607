"""Start the simulator as a process of its own, and show how to use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Any

import click

CONTEXT = "simulated"
_SHOWN = 8  # names of nodes on one line


def run(arguments: Sequence[str], save_as: str) -> int:
    """Run the simulator to its end; its one line of JSON becomes a context, if asked for, and a few friendly lines."""
    if {"-h", "--help"} & set(arguments):
        return subprocess.call([sys.executable, "-m", "proxmox_mpc.simulator", "--help"])
    process = subprocess.Popen(  # noqa: S603  our own module, with the user's own options
        [sys.executable, "-m", "proxmox_mpc.simulator", *arguments], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    try:
        ready = _ready(process.stdout)
        if ready is not None:
            _tell(ready, save_as)
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        click.echo("the simulated cluster is gone", err=True)
        return 0


def _ready(output: IO[str]) -> dict[str, Any] | None:
    line = output.readline()
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found


def _tell(ready: dict[str, Any], save_as: str) -> None:
    token_id, _, secret = str(ready["token"]).partition("=")
    if save_as:
        from proxmox_mpc.actions.context_set import ContextSetRequest, context_set
        from proxmox_mpc.interfaces.cli._run import call

        request = ContextSetRequest(
            name=save_as,
            endpoints=[ready["url"]],
            token_id=token_id,
            token_secret=secret,
            fingerprint=ready.get("fingerprint") or None,
            use=True,
        )
        call(context_set, request)
    click.echo(f"{_bold('A simulated PVE cluster')} of {len(ready['nodes'])} nodes listens at {ready['url']}")
    names = ready["nodes"]
    click.echo(f"  nodes:    {', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN} more' * (len(names) > _SHOWN)}")
    click.echo(f"  user:     {ready['user']}   password: {ready['password']}")
    click.echo(f"  token:    {ready['token']}")
    if ready.get("fingerprint"):
        click.echo(f"  trust:    {ready['fingerprint']}")
    if save_as:
        click.echo(f"It is the current context ({save_as}). In another terminal: {_bold('proxmox-cli get vms')}")
    else:
        trust = f" PROXMOX_FINGERPRINT={ready['fingerprint']}" if ready.get("fingerprint") else ""
        click.echo("In another terminal:")
        login = f"PROXMOX_TOKEN_ID='{token_id}' PROXMOX_TOKEN_SECRET={secret}"
        click.echo(f"  export PROXMOX_ENDPOINTS={ready['url']} {login}{trust}")
        click.echo("  proxmox-cli get vms")
    click.echo("Ctrl-C ends it; nothing is kept unless --persist FILE was given.")


def _bold(text: str) -> str:
    return click.style(text, bold=True)
