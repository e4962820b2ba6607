"""Runs that did not end: their process was killed or interrupted, or lost the cluster in the middle.

What they made is known, for it was noted before it was made. What is not known is how their last requests ended: here
the cluster is asked, before anything is planned anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.applications.errands import GUESTS, REPEATABLE
from proxmox_mpc.applications.ownership import of_application, owned_by_key
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import MpcError, NotFoundError, UnreachableError
from proxmox_mpc.kinds._kind import Key, Owned

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store import JournalEntry, Run, Store

_PLACE = re.compile(r"/nodes/(?P<node>[^/]+)(?:/(?:qemu|lxc)(?:/(?P<vmid>\d+))?)?")
_NO_ANSWER = "its answer was never seen"


async def settle(
    store: Store,
    context: str,
    pve: Cluster,
    report: Callable[[Progress], None],
    *,
    patient: bool = True,
    dead_job: str = "",
    tells: Callable[[Run], bool] = lambda run: True,
) -> list[str]:
    """Wait for the tasks that such runs left behind, and close their journals; one line for people per run.

    Who is not patient leaves tasks that still run to the next time. With `dead_job` only the runs of that job are
    looked at, whose last worker has lost it. Only what it `tells` of is said. Raises UnreachableError where the cluster
    cannot be asked: then everything stays as it is.
    """
    lines: list[str] = []
    for run, entries in await store.runs.unfinished(context, dead_job=dead_job):
        if dead_job and run.job != dead_job:
            continue
        owned = await owned_by_key(store, context)
        identities = {str(key): item.identity for key, item in owned.items()}
        say = report if tells(run) else _say_nothing
        left = [entry for entry in entries if entry.state in ("sending", "accepted")]
        at_work = 0
        for entry in left:
            identity = identities.get(entry.resource, {})
            at_work += not await _settle_entry(store, pve, entry, identity, say, patient)
        if run.status == "running":
            await _close(store, run, len(left))
        if not tells(run):
            continue
        if run.application.startswith(GUESTS):
            made = [] if at_work else await _made(store, context, pve, of_application(owned, run.application))
            unseen = {entry.resource for entry in left if entry.state == "sending"}
            lines.append(_errand_line(run, await store.runs.journal(run.id), at_work, made, unseen))
            continue
        requests = "1 request" if len(entries) == 1 else f"{len(entries)} requests"
        lines.append(
            f"{run.verb} of {run.application} by {run.actor} at {run.started_at:%Y-%m-%d %H:%M} UTC did not end "
            f"({requests} sent, the end of {len(left)} not seen); it is continued from what is there"
        )
    return lines


def _say_nothing(progress: Progress) -> None:
    pass


def _errand_line(
    run: Run, entries: Sequence[JournalEntry], at_work: int, made: Sequence[str], unseen: Collection[str]
) -> str:
    what = _some([entry.resource for entry in entries])
    begun = f"{run.verb} by {run.actor} at {run.started_at:%Y-%m-%d %H:%M} UTC did not end"
    line = f"{begun} (it was at {what})" if what else f"{begun} (nothing was sent)"
    if at_work:
        return f"{line}; {at_work} of its tasks still {'runs' if at_work == 1 else 'run'}: proxmox-cli tasks"
    if made:
        return "; ".join([line, *made])
    if run.verb in REPEATABLE or not entries:
        return f"{line}; type it again" + (": what is done already is left alone" if entries else "")
    return "; ".join([begun, *_ends(run.verb, entries, unseen)])


def _ends(verb: str, entries: Sequence[JournalEntry], unseen: Collection[str]) -> list[str]:
    """How far a verb got that may not simply be repeated; `unseen` is whose requests were never answered."""
    failed = {
        entry.resource: f"{entry.resource} ({entry.error.partition(chr(10))[0]})"
        for entry in entries
        if entry.state == "failed" and entry.resource not in unseen
    }
    done = [entry.resource for entry in entries if entry.resource not in unseen and entry.resource not in failed]
    lines = [f"done: {_some(done)}"] if done else []
    lines += [f"failed: {_some([*failed.values()])}"] if failed else []
    if unseen:
        where = "in the guest, for the cluster keeps no trace of it" if verb == "exec" else "proxmox-cli tasks"
        lines.append(f"may have been done: {_some([e.resource for e in entries if e.resource in unseen])}")
        return [*lines, f"look first: {where}; and type it again only for what was not done"]
    return [*lines, "type it again only for the others"]


def _some(words: Sequence[str]) -> str:
    each = list(dict.fromkeys(words))
    return ", ".join(each[:3]) + (f" and {len(each) - 3} more" if len(each) > 3 else "")


async def _made(store: Store, context: str, pve: Cluster, begun: Mapping[Key, Owned]) -> list[str]:
    """What such a run was making, and whether it is there now. Nobody owns it, so it is not remembered any longer."""
    lines = []
    for key, item in begun.items():
        kind = "lxc" if key.kind == "Container" else "qemu"
        vmid, node = item.identity["vmid"], item.identity["node"]
        try:
            config = await pve.get(f"/nodes/{{node}}/{kind}/{{vmid}}/config", {"node": node, "vmid": vmid})
        except NotFoundError:
            lines.append(f"{key} (VMID {vmid}) was not made")
        else:
            lock, again = config.get("lock"), f"proxmox-cli delete {key.kind.lower()} {vmid}"
            whole = f"not whole (locked: {lock}); to be rid of it: {again}" if lock else "whole"
            lines.append(f"{key} (VMID {vmid}) is on {node}, {whole}")
        await store.resources.delete(context, key.kind, key.namespace, key.name)
    return lines


async def _settle_entry(
    store: Store,
    pve: Cluster,
    entry: JournalEntry,
    identity: Mapping[str, Any],
    report: Callable[[Progress], None],
    patient: bool,
) -> bool:
    """Whether the entry could be closed: not where a task still runs, and nobody is to wait for it."""
    from proxmox_mpc.pve import TaskUnfinished

    upids = [entry.upid] if entry.upid else await _tasks_of(pve, entry, identity)
    problem = "" if entry.upid else _NO_ANSWER
    for upid in upids:
        if patient:
            report(Progress(_key(entry.resource), "request", "waiting for a task of a run that did not end", upid=upid))
        try:
            await pve.wait(upid, timeout_s=None if patient else 0)
            problem = ""
        except UnreachableError as error:
            if not patient and isinstance(error, TaskUnfinished):
                return False
            raise
        except MpcError as error:
            problem = str(error)
    if problem == _NO_ANSWER:
        await store.runs.unknown(entry.run_id, entry.seq, problem)
    elif problem:
        await store.runs.failed(entry.run_id, entry.seq, problem)
    else:
        await store.runs.done(entry.run_id, entry.seq)
    return True


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
