"""Command line of the simulator. Prints one line of JSON when it listens; logs go to stderr."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxmox_mpc.simulator import Qemu


def _at_least(least: float, kind: type[int] | type[float] = int, most: float = float("inf")) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            limits = f"{least:g} or more" if most == float("inf") else f"from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{text} is not {limits}")
        return value

    return read


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proxmox_mpc.simulator", description="A simulated PVE cluster.")
    parser.add_argument("--preset", choices=("demo", "golden", "empty"), default="demo")
    parser.add_argument("--nodes", type=_at_least(1), default=3, help="how many nodes (demo, empty)")
    parser.add_argument("--guests", type=_at_least(0), default=0, help="how many made-up guests")
    parser.add_argument("--seed", help="a seed file (JSON) to start from, on top of the preset")
    parser.add_argument("--persist", help="a file to keep the state in")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_at_least(0, most=65_535), default=0, help="0: any free port")
    parser.add_argument("--http", action="store_true", help="without TLS")
    parser.add_argument("--password", default="", help="of root@pam; made up when not given")
    parser.add_argument("--token-secret", default="", help="UUID of the token root@pam!proxmox-mpc")
    parser.add_argument(
        "--time-scale", type=_at_least(0, float), default=1.0, help="1: as long as on hardware, 0: no waiting"
    )
    parser.add_argument("--pve-version", choices=("9.1", "8.4"), default="", help="the seed's, else 9.1")
    parser.add_argument("--resources-lag", type=_at_least(0, float), default=0.0, metavar="SECONDS")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="'NAME KEY=VALUE…'", help="start with a fault (repeatable)"
    )
    parser.add_argument(
        "--until-eof", action="store_true", help="end when standard input ends: with the process that started it"
    )
    parser.add_argument("--qemu", action="store_true", help="run virtual machines for real, by QEMU")
    parser.add_argument("--qemu-disks", metavar="DIR", help="where their disks are kept; gone at the end if not given")
    parser.add_argument("--qemu-memory", type=int, metavar="MIB", help="the most that one of them gets; default 1024")
    parser.add_argument("--qemu-internet", action="store_true", help="let them out of this machine")
    return parser.parse_args()


def _qemu(options: argparse.Namespace) -> Qemu | bool:
    from proxmox_mpc.simulator import Qemu

    folder = Path(options.qemu_disks) if options.qemu_disks else None
    how = Qemu(folder, Qemu.memory_mib if options.qemu_memory is None else options.qemu_memory, options.qemu_internet)
    if how != Qemu() and not options.qemu:
        raise ValueError("--qemu-disks, --qemu-memory and --qemu-internet are for real guests: add --qemu")
    return how if options.qemu else False


class _UntilEof(asyncio.Protocol):
    """Listens to a pipe that nobody writes to: it ends when whoever holds its other end does, also by kill -9."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()


async def _serve(options: argparse.Namespace) -> None:
    from proxmox_mpc.simulator import Simulator

    simulator = Simulator(
        options.preset,
        nodes=options.nodes,
        guests=options.guests,
        password=options.password,
        token_secret=options.token_secret,
        time_scale=options.time_scale,
        pve_version=options.pve_version,
        seed=options.seed,
        persist=options.persist,
        tls=not options.http,
        host=options.host,
        port=options.port,
        resources_lag_s=options.resources_lag,
        faults=options.fault,
        qemu=_qemu(options),
    )
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    if options.until_eof:
        await asyncio.get_running_loop().connect_read_pipe(lambda: _UntilEof(ended.set), sys.stdin)
    async with simulator:
        sys.stdout.write(json.dumps(simulator.greeting) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        asyncio.run(_serve(_arguments()))
    except (ValueError, OSError) as error:
        # A fault, a seed file or real guests that cannot be; a port that is taken.
        sys.exit(f"simulator: {error}")


if __name__ == "__main__":
    main()
