"""A twin to rehearse on: a simulator as a process of its own, and a session on it whose store is thrown away."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._access import Access
from proxmox_mpc.actions._gate import AuditEntry
from proxmox_mpc.actions._session import Session, Twin
from proxmox_mpc.bootstrap import clusters
from proxmox_mpc.errors import MpcError, UsageError
from proxmox_mpc.store import Context, Store

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store.secrets import SecretKey

GREETING_BYTES = 16 << 20
"""The simulator's first line names all that it refused of a seed; of a cluster of thousands of guests that is a lot."""
GREETING_S = 120
"""How long it gets to take a seed in: five thousand guests take a second, a slow and busy machine a hundred."""
FAREWELL_S = 5
"""How long a simulator gets to end by itself."""


class TwinFailed(MpcError):
    """The copy of the cluster could not be started; the cluster itself was only read."""

    code = "twin.failed"


async def open_twin(parts: AsyncExitStack, live: Session, seed: dict[str, Any], key: SecretKey) -> Twin:
    """A running copy. Its tasks take no time, and it knows what the store knows of the context's resources."""
    folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="proxmox-mpc-rehearsal-")))
    (folder / "seed.json").write_text(json.dumps(seed))
    greeting = await _start(parts, folder)
    meant = await live.context()
    store = await parts.enter_async_context(Store.open(f"sqlite:///{folder / 'store.db'}", key=key))
    await store.resources.put_all(await (await live.store()).resources.list(meant.name))
    context = _context(greeting, meant)

    async def open_store(parts: AsyncExitStack) -> Store:
        return store

    async def choose_context(session: Session) -> Context:
        return context

    async def open_cluster(parts: AsyncExitStack, _: Context) -> Cluster:
        return await clusters.open_cluster(parts, context)

    session = replace(
        live,
        who=replace(live.who, access=Access.everything()),  # whoever may rehearse; it is a copy that nobody else sees
        record=_forget,
        open_store=open_store,
        choose_context=choose_context,
        open_cluster=open_cluster,
        prepared=None,
        _parts=AsyncExitStack(),
        _store=None,
        _context=None,
        _cluster=None,
    )
    await parts.enter_async_context(session)
    url = str(greeting["url"])

    async def cause(fault: str) -> None:
        await _ask("POST", f"{url}/simulator/faults", {"text": fault})

    async def calm() -> None:
        await _ask("DELETE", f"{url}/simulator/faults")

    async def work() -> Mapping[str, float]:
        return {
            upid: float(seconds) for upid, seconds in (await _ask("GET", f"{url}/simulator/work"))["seconds"].items()
        }

    return Twin(session, list(greeting.get("refused", [])), cause, calm, work)


async def _forget(entry: AuditEntry) -> None:
    """What happens to a twin happened to nobody."""


async def _start(parts: AsyncExitStack, folder: Path) -> dict[str, Any]:
    """Start the simulator; what it says of itself once it listens.

    It has a session of its own, so that Ctrl-C does not reach it before its work is done, and ends when the pipe to it
    closes: also when this process is killed.
    """
    options = ("--until-eof", "--http", "--preset", "empty", "--seed", str(folder / "seed.json"), "--time-scale", "0")
    log = parts.enter_context((folder / "log").open("wb"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "proxmox_mpc.simulator", *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        limit=GREETING_BYTES,
        start_new_session=True,
    )
    parts.push_async_callback(_end, process)
    assert process.stdout is not None
    try:
        greeting: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), GREETING_S))
    except TimeoutError:
        raise _failed(folder, f" within {GREETING_S:g} s") from None
    except ValueError:
        raise _failed(folder) from None
    return greeting


def _failed(folder: Path, when: str = "") -> TwinFailed:
    said = (folder / "log").read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return TwinFailed(f"the copy of the cluster could not be started{when}: {said[-1]}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), FAREWELL_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _context(greeting: Mapping[str, Any], meant: Context) -> Context:
    """The context of the twin: called as the one that it is a copy of, for that is what records are kept by."""
    token_id, _, token_secret = str(greeting.get("token", "")).partition("=")
    if meant.token_id and token_secret:
        return Context(meant.name, (str(greeting["url"]),), token_id=token_id, token_secret=token_secret)
    return Context(meant.name, (str(greeting["url"]),), user=str(greeting["user"]), password=str(greeting["password"]))


async def _ask(verb: str, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the simulator itself. Raises UsageError for what it refuses."""
    import aiohttp

    async with aiohttp.ClientSession() as http, http.request(verb, url, json=body) as answer:
        found: dict[str, Any] = await answer.json()
        if answer.status >= 400:
            raise UsageError(str(found.get("error", "")), hint="faults and their parameters: docs/simulator.md")
        return found
