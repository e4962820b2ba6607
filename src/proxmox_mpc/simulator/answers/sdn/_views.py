"""The three views of a configured object: as configured, as it runs, and what an apply would change."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

_RUNNING = "sdn/running"


def running(call: Call, file: str) -> dict[str, Section]:
    """The sections of a file as they were at the last apply."""
    return call.cluster.files.get(_RUNNING, {}).get(file, {})


def commit(call: Call, files: list[str]) -> None:
    """What is configured runs from now on."""
    call.cluster.files[_RUNNING] = {f: {k: dict(v) for k, v in call.cluster.files.get(f, {}).items()} for f in files}


def rollback(call: Call, files: list[str]) -> None:
    """What runs is configured again."""
    for file in files:
        call.cluster.files[file] = {k: dict(v) for k, v in running(call, file).items()}


def is_pending(call: Call, files: list[str]) -> bool:
    return any(call.cluster.files.get(f, {}) != running(call, f) for f in files)


def choose(call: Call, collection: Collection, shown: frozenset[str]) -> dict[str, Section]:
    """The sections that the call asks for: as configured, or by `pending=1` or `running=1`.

    A new object's pending view has the values in `shown` beside `pending` instead of below it.
    """
    configured, runs = collection.sections(call), running(call, collection.file)
    if call.flag("pending"):
        names = sorted({*configured, *runs})
        return {n: _difference(runs.get(n), configured.get(n), shown) for n in names}
    return dict(sorted(runs.items())) if call.flag("running") else dict(sorted(configured.items()))


def _difference(runs: Section | None, configured: Section | None, shown: frozenset[str]) -> Section:
    """What runs, with `state` and, below `pending`, the values that an apply would bring."""
    if runs is None:
        wanted = configured or {}
        fresh = {k: v for k, v in wanted.items() if k not in shown}
        return {**{k: v for k, v in wanted.items() if k in shown}, "state": "new", "pending": fresh}
    if configured is None:
        return {**runs, "state": "deleted", "pending": {}}
    changes: Section = {k: v for k, v in configured.items() if runs.get(k) != v}
    # The web interface strikes out values that carry this word.
    changes |= dict.fromkeys((k for k in runs if k not in configured), "deleted")
    return {**runs, "state": "changed", "pending": changes} if changes else dict(runs)
