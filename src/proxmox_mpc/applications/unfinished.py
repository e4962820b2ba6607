"""Runs that did not end: their process was killed or interrupted, or lost the cluster in the middle.

What they made is known, for it was noted before it was made. What is not known is how their last requests ended: here
the cluster is asked, before anything is planned anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from proxmox_mpc.applications.ownership import owned_by_key
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import MpcError, UnreachableError
from proxmox_mpc.kinds._kind import Key

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store import JournalEntry, Run, Store

_PLACE = re.compile(r"/nodes/(?P<node>[^/]+)(?:/(?:qemu|lxc)(?:/(?P<vmid>\d+))?)?")
_NO_ANSWER = "its answer was never seen"


async def settle(store: Store, context: str, pve: Cluster, report: Callable[[Progress], None]) -> list[str]:
    """Wait for the tasks that such runs left behind, and close their journals; one line for people per run.

    Raises UnreachableError where the cluster cannot be asked: then everything stays as it is.
    """
    lines: list[str] = []
    for run, entries in await store.runs.unfinished(context):
        identities = {str(key): item.identity for key, item in (await owned_by_key(store, context)).items()}
        left = [entry for entry in entries if entry.state in ("sending", "accepted")]
        for entry in left:
            await _settle_entry(store, pve, entry, identities.get(entry.resource, {}), report)
        if run.status == "running":
            await _close(store, run, len(left))
        requests = "1 request" if len(entries) == 1 else f"{len(entries)} requests"
        lines.append(
            f"{run.verb} of {run.application} by {run.actor} at {run.started_at:%Y-%m-%d %H:%M} UTC did not end "
            f"({requests} sent, the end of {len(left)} not seen); it is continued from what is there"
        )
    return lines


async def _settle_entry(
    store: Store,
    pve: Cluster,
    entry: JournalEntry,
    identity: Mapping[str, Any],
    report: Callable[[Progress], None],
) -> None:
    upids = [entry.upid] if entry.upid else await _tasks_of(pve, entry, identity)
    problem = "" if entry.upid else _NO_ANSWER
    for upid in upids:
        report(Progress(_key(entry.resource), "request", "waiting for a task of a run that did not end", upid=upid))
        try:
            await pve.wait(upid)
            problem = ""
        except UnreachableError:
            raise
        except MpcError as error:
            problem = str(error)
    if problem:
        await store.runs.failed(entry.run_id, entry.seq, problem)
    else:
        await store.runs.done(entry.run_id, entry.seq)


async def _tasks_of(pve: Cluster, entry: JournalEntry, identity: Mapping[str, Any]) -> list[str]:
    """Tasks that still run and may be this request's: on its node, for its guest or for the guest that it makes."""
    place = _PLACE.match(entry.path)
    if place is None:
        return []
    guests = {place["vmid"], str(identity.get("vmid", ""))} - {None, ""}
    rows = await pve.get("/nodes/{node}/tasks", {"node": place["node"], "source": "active"})
    return [row["upid"] for row in rows if str(row.get("id")) in guests or not guests]


async def _close(store: Store, run: Run, left: int) -> None:
    result = {"status": "interrupted", "open": left}
    await store.runs.finish(run.id, "interrupted", result)
    for revision in await store.applications.history(run.context, run.application):
        if revision.status == "pending" and revision.result.get("run") == run.id:
            await store.applications.finish_revision(
                run.context, run.application, revision.number, "failed", {**result, "outcomes": []}
            )


def _key(resource: str) -> Key:
    """The key that a journal entry shows as `KIND NAMESPACE/NAME`."""
    kind, _, label = resource.partition(" ")
    namespace, _, name = label.rpartition("/")
    return Key(kind, namespace, name)
