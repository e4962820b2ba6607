"""Start the simulator as a process of its own, and show how to use it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Any

import click

CONTEXT = "simulated"
OWN_OPTIONS = """\
Usage: proxmox-cli simulate [OPTIONS]

Run a simulated PVE cluster on this machine, until interrupted.

  --from CONTEXT        start as a copy of this live cluster, without its secrets
  --write-seed FILE     with --from: keep the copy in this file, and do not start
  --save-context NAME   save it as this context and make it current

All other options go to the simulator, which can also be started by itself:
"""
_SHOWN = 8  # names of nodes on one line


def run(arguments: Sequence[str], save_as: str) -> int:
    """Run the simulator to its end; its one line of JSON becomes a context, if asked for, and a few friendly lines."""
    if {"-h", "--help"} & set(arguments):
        click.echo(OWN_OPTIONS)
        return subprocess.call([sys.executable, "-m", "proxmox_mpc.simulator", "--help"])
    process = subprocess.Popen(  # noqa: S603  our own module, with the user's own options
        # It ends with the pipe to it: also when this process is killed.
        [sys.executable, "-m", "proxmox_mpc.simulator", "--until-eof", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    # Also Ctrl-C, which a background job of a shell inherits as ignored.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)  # the simulator is a process of its own: it must not be left behind
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


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _ready(output: IO[str]) -> dict[str, Any] | None:
    line = output.readline()
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found


def _tell(ready: dict[str, Any], save_as: str) -> None:
    token_id, _, secret = str(ready.get("token", "")).partition("=")
    if save_as:
        from proxmox_mpc.actions.context_set import ContextSetRequest, context_set
        from proxmox_mpc.interfaces.cli._run import call

        login = (
            {"token_id": token_id, "token_secret": secret}
            if secret
            else {"user": ready["user"], "password": ready["password"]}
        )
        trust = ready.get("fingerprint") or None
        call(
            context_set,
            ContextSetRequest(name=save_as, endpoints=[ready["url"]], fingerprint=trust, use=True, **login),
            here=True,
        )
    names = ready["nodes"]
    size = f"{len(names)} node{'s' * (len(names) != 1)}"
    click.echo(f"{_bold('A simulated PVE cluster')} of {size} listens at {ready['url']}")
    click.echo(f"  nodes:    {', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN} more' * (len(names) > _SHOWN)}")
    click.echo(f"  user:     {ready['user']}   password: {ready['password']}")
    if secret:
        click.echo(f"  token:    {ready['token']}")
    if ready.get("fingerprint"):
        click.echo(f"  trust:    {ready['fingerprint']}")
    for line in ready.get("refused", [])[:_SHOWN]:
        click.echo(f"  {click.style('refused', fg='yellow')}   {line}")
    if save_as:
        click.echo(f"It is the current context ({save_as}). In another terminal: {_bold('proxmox-cli get vms')}")
    else:
        click.echo("In another terminal:")
        click.echo(
            f"  export {' '.join(f'{name}={shlex.quote(value)}' for name, value in _environment(ready).items())}"
        )
        click.echo("  proxmox-cli get vms")
    click.echo("Ctrl-C ends it; only what --persist FILE named is kept.")


def _environment(ready: dict[str, Any]) -> dict[str, str]:
    """What makes the simulator the context of a terminal."""
    token_id, _, secret = str(ready.get("token", "")).partition("=")
    found = {"PROXMOX_ENDPOINTS": ready["url"]}
    if secret:
        found |= {"PROXMOX_TOKEN_ID": token_id, "PROXMOX_TOKEN_SECRET": secret}
    else:
        found |= {"PROXMOX_USER": ready["user"], "PROXMOX_PASSWORD": ready["password"]}
    return found | ({"PROXMOX_FINGERPRINT": ready["fingerprint"]} if ready.get("fingerprint") else {})


def _bold(text: str) -> str:
    return click.style(text, bold=True)
