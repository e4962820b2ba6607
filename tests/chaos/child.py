"""One command in a process of its own, which meets its hurdles at exact steps of its journal. Forked, so it is cheap."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# What a command needs: the server that all children are forked from has it loaded.
import proxmox_mpc.actions.apply_resume
import proxmox_mpc.actions.plan_open
import proxmox_mpc.bootstrap.clusters
import proxmox_mpc.interfaces.cli._app
import proxmox_mpc.interfaces.cli.apply
import proxmox_mpc.interfaces.cli.plan
import proxmox_mpc.pve._wire  # noqa: F401
from proxmox_mpc import kinds
from proxmox_mpc.applications.journal import StoreJournal
from proxmox_mpc.engine import step_run
from proxmox_mpc.interfaces import cli
from proxmox_mpc.pve import Retry, cluster, tasks

for _name in ("VirtualMachine", "Container", "Pool", "Storage", "Group", "FirewallAlias"):
    kinds.find_kind(_name).schema  # noqa: B018  building it is what costs

STEPS = ("sending", "accepted", "done", "failed", "claim", "unclaim", "remember", "forget", "reserve")


@dataclass(frozen=True)
class Hurdle:
    """What happens when a command has written so many lines into its journal: just before the line, or just after.

    `fault` is one of the simulator's, `request` what another client does, and a hurdle without either is a signal.
    """

    step: int
    after: bool = False
    fault: dict[str, Any] = field(default_factory=dict)
    request: tuple[str, str, dict[str, Any]] | None = None
    number: signal.Signals = signal.SIGKILL

    @property
    def kind(self) -> str:
        if self.fault or self.request:
            return str(self.fault["fault"]) if self.fault else "second writer"
        return "kill -9" if self.number is signal.SIGKILL else "Ctrl-C"


def type_(words: list[str], place: dict[str, str], url: str, hurdles: list[Hurdle], output: str) -> None:
    """Type a command; everything that it says goes to a file."""
    os.environ.update(place)
    os.chdir(place["WORKSPACE"])
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    sys.stdin = open(os.devnull)  # noqa: SIM115  for the rest of this process
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _hurry()
    _put_up(hurdles, url, place["TOKEN"])
    try:
        code = cli.run(words)
    except SystemExit as stop:
        code = int(stop.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _hurry() -> None:
    """Pauses of a cluster that answers at once: nobody is waited for longer than it takes here."""
    step_run.FIRST_PAUSE_S, step_run.LONGEST_PAUSE_S, step_run.LOOK_AGAIN_S = 0.02, 0.1, 0.02
    cluster.Retry = lambda: Retry(tries=5, first_s=0.02, longest_s=0.1, total_s=1.0)  # type: ignore[misc,assignment]
    tasks._FIRST_PAUSE_S = 0.01


def _put_up(hurdles: list[Hurdle], url: str, token: str) -> None:
    waiting, step = sorted(hurdles, key=lambda hurdle: hurdle.step), 0

    def meet(after: bool) -> None:
        for hurdle in [h for h in waiting if h.step <= step and h.after is after]:
            waiting.remove(hurdle)
            _met(hurdle, url, token)

    def hurdled(method: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*given: Any, **more: Any) -> Any:
            nonlocal step
            step += 1
            meet(after=False)
            answer = await method(*given, **more)
            meet(after=True)
            return answer

        return wrapped

    for name in STEPS:
        setattr(StoreJournal, name, hurdled(getattr(StoreJournal, name)))


def _met(hurdle: Hurdle, url: str, token: str) -> None:
    print(f"[chaos] {hurdle.kind} {hurdle.fault or hurdle.request or ''}", flush=True)
    if hurdle.fault:
        ask("POST", f"{url}/simulator/faults", hurdle.fault)
    elif hurdle.request is not None:
        verb, path, form = hurdle.request
        try:
            ask(verb, f"{url}/api2/json{path}", form, token=token)
        except urllib.error.HTTPError as error:
            print(f"[chaos] the other client was refused: {error.reason}", flush=True)
        except OSError as error:
            print(f"[chaos] the other client was cut off: {error}", flush=True)
    else:
        os.kill(os.getpid(), hurdle.number)


def ask(verb: str, url: str, content: dict[str, Any], *, token: str = "") -> Any:
    """One request as another client sends it: JSON to the simulator itself, a form to the API."""
    if token:
        body = urllib.parse.urlencode(content).encode()
        headers = {"Authorization": f"PVEAPIToken={token}"}
        if verb in ("GET", "DELETE"):
            url, body = (f"{url}?{body.decode()}" if body else url), b""
    else:
        body, headers = json.dumps(content).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body or None, headers=headers, method=verb)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
