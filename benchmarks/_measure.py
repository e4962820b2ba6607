"""How the benchmarks measure: CPU seconds of child processes, medians over interleaved runs, floors beside.

CPU seconds (user and system) are those that the operating system counted for the very child, so that neither waiting
nor what else the machine does is measured. Commands that are compared run in turns: a machine that slows down in the
middle slows all of them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

RUNS = 9
"""Odd, so that the median is a run that happened; enough that one disturbed run does not matter."""
NO_ENV: Mapping[str, str] = MappingProxyType({})
SPY = Path(__file__).with_name("_spy.py")
BARE = Path(__file__).with_name("_bare.py")


@dataclass(frozen=True)
class Cost:
    """What one run of a command cost."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True)
class Figure:
    """One line of a report: what was measured, its value, and the limit that it promises to stay below, if any."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def kept(self) -> bool:
        return self.limit is None or self.value < self.limit


@dataclass
class Place:
    """A home, a byte-code cache and an environment of their own, for every child of one benchmark."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Byte code is cached as in an installation, for product and floors alike, and not beside the sources.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PROXMOX_", "PYTHON", "LOG_", "DATABASE_"))}
        self.env = {
            **kept,
            "PROXMOX_MPC_HOME": str(self.folder / "home"),
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
        }

    def run(self, command: Sequence[str], env: Mapping[str, str] = NO_ENV) -> Cost:
        """Run one command to its end. Raises RuntimeError with what it complained about."""
        with tempfile.TemporaryFile("w+") as complaints:
            began = time.perf_counter()
            child = subprocess.Popen(
                command, env={**self.env, **env}, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=complaints
            )
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                complaints.seek(0)
                raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{complaints.read()[-2000:]}")
        return Cost(used.ru_utime + used.ru_stime, wall)

    def compare(self, *commands: Sequence[str], env: Mapping[str, str] = NO_ENV, runs: int = RUNS) -> list[Cost]:
        """The median cost of each command, run in turns; a first round fills the caches and does not count."""
        rounds = [[self.run(command, env) for command in commands] for _ in range(runs + 1)][1:]
        return [
            Cost(statistics.median(c.cpu_s for c in costs), statistics.median(c.wall_s for c in costs))
            for costs in zip(*rounds, strict=True)
        ]

    def spy(self, *arguments: str, env: Mapping[str, str] = NO_ENV) -> dict[str, Any]:
        """What a command imports and asks for: see `_spy.py`."""
        command = [sys.executable, str(SPY), *arguments]
        done = subprocess.run(command, env={**self.env, **env}, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
        return found

    def bare(self, seen: Mapping[str, Any], name: str, *, fetch: bool) -> list[str]:
        """The floor beside a command: a child that imports the same libraries and, if asked, fetches the same URLs."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({**seen, "urls": seen["urls"] if fetch else []}))
        return [sys.executable, str(BARE), str(file)]


def cli(*words: str) -> list[str]:
    """A command line as an installation runs it: the console script of this interpreter's environment."""
    return [str(Path(sys.executable).with_name("proxmox-cli")), *words]


@contextmanager
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="proxmox-mpc-bench-") as folder:
        yield Place(Path(folder))


@contextmanager
def cluster(place: Place, *options: str) -> Iterator[dict[str, str]]:
    """A simulated cluster as a process of its own; answers the `PROXMOX_*` variables that reach it."""
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--time-scale", "0", *options]
    with subprocess.Popen(command, env=place.env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            token_id, _, secret = ready["token"].partition("=")
            yield {
                "PROXMOX_ENDPOINTS": ready["url"],
                "PROXMOX_TOKEN_ID": token_id,
                "PROXMOX_TOKEN_SECRET": secret,
                "PROXMOX_FINGERPRINT": ready["fingerprint"],
            }
        finally:
            process.terminate()
