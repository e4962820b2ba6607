"""A twin to rehearse on: a simulator as a process of its own, and a session on it whose store is thrown away."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._access import Access
from proxmox_mpc.actions._gate import AuditEntry
from proxmox_mpc.actions._session import Session, Twin
from proxmox_mpc.bootstrap import clusters, simulators
from proxmox_mpc.errors import UsageError
from proxmox_mpc.store import Context, Store

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store.secrets import SecretKey


async def open_twin(parts: AsyncExitStack, live: Session, seed: dict[str, Any], key: SecretKey) -> Twin:
    """A running copy. Its tasks take no time, and it knows what the store knows of the context's resources."""
    folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="proxmox-mpc-rehearsal-")))
    (folder / "seed.json").write_text(json.dumps(seed))
    options = ("--http", "--preset", "empty", "--seed", str(folder / "seed.json"), "--time-scale", "0")
    greeting = await simulators.start(parts, options, folder / "log")
    meant = await live.context()
    store = await parts.enter_async_context(Store.open(f"sqlite:///{folder / 'store.db'}", key=key))
    await store.resources.put_all(await (await live.store()).resources.list(meant.name))
    # Called as the one that it is a copy of, for that is what records are kept by.
    context = simulators.context_of(greeting, meant.name, by_token=meant.token_id is not None)

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


async def _ask(verb: str, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the simulator itself. Raises UsageError for what it refuses."""
    import aiohttp

    async with aiohttp.ClientSession() as http, http.request(verb, url, json=body) as answer:
        found: dict[str, Any] = await answer.json()
        if answer.status >= 400:
            raise UsageError(str(found.get("error", "")), hint="faults and their parameters: docs/simulator.md")
        return found
