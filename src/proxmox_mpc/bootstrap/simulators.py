"""A simulator as a process of its own, which ends with this one."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import MpcError

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.serving import Serving
    from proxmox_mpc.store import Context

SIMULATED = "simulated"
"""The context of a server's own simulated cluster."""
GREETING_BYTES = 16 << 20
"""The simulator's first line names all that it refused of a seed; of a cluster of thousands of guests that is a lot."""
GREETING_S = 120
"""How long it gets to take a seed in: five thousand guests take a second, a slow and busy machine a hundred."""
FAREWELL_S = 5
"""How long a simulator gets to end by itself."""


class SimulatorFailed(MpcError):
    """The simulated cluster could not be started."""

    code = "simulator.failed"


async def start(parts: AsyncExitStack, options: Sequence[str], log: Path) -> dict[str, Any]:
    """Start the simulator; what it says of itself once it listens. Raises SimulatorFailed with its last words.

    It has a session of its own, so that Ctrl-C does not reach it before its work is done, and ends when the pipe to it
    closes: also when this process is killed.
    """
    out = parts.enter_context(log.open("wb"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "proxmox_mpc.simulator", "--until-eof", *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=out,
        limit=GREETING_BYTES,
        start_new_session=True,
    )
    parts.push_async_callback(_end, process)
    assert process.stdout is not None
    try:
        greeting: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), GREETING_S))
    except TimeoutError:
        raise _failed(log, f" within {GREETING_S:g} s") from None
    except ValueError:
        raise _failed(log) from None
    return greeting


async def simulated(parts: AsyncExitStack, serving: Serving) -> None:
    """A simulated cluster for a server, as context `simulated`; it is as it was left."""
    folder = serving.settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    options = ("--http", "--persist", str(folder / "simulated.json"))
    greeting = await start(parts, options, folder / "simulated.log")
    await serving.store.contexts.save(context_of(greeting, SIMULATED))
    if await serving.store.contexts.current() is None:
        await serving.store.contexts.use(SIMULATED)
    # It is on this machine, where the server connects to for nobody but for this.
    serving.own_endpoints.add(str(greeting["url"]))


def context_of(greeting: Mapping[str, Any], name: str, *, by_token: bool = True) -> Context:
    """The context that reaches it."""
    from proxmox_mpc.store import Context

    token_id, _, token_secret = str(greeting.get("token", "")).partition("=")
    fingerprint = str(greeting.get("fingerprint") or "") or None
    if by_token and token_secret:
        return Context(
            name, (str(greeting["url"]),), token_id=token_id, token_secret=token_secret, fingerprint=fingerprint
        )
    user, password = str(greeting["user"]), str(greeting["password"])
    return Context(name, (str(greeting["url"]),), user=user, password=password, fingerprint=fingerprint)


def _failed(log: Path, when: str = "") -> SimulatorFailed:
    said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return SimulatorFailed(f"the simulated cluster could not be started{when}: {said[-1]}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), FAREWELL_S)
        except TimeoutError:
            process.kill()
            await process.wait()
