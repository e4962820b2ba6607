"""/cluster/jobs: scheduled synchronization of realms (a daemon runs them), and when a schedule comes next."""

from __future__ import annotations

import itertools
import time
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section
from proxmox_mpc.simulator.state import calendar
from proxmox_mpc.simulator.state.schedules import next_after

# In the year 9892; Python's calendar ends in 9999.
_LATEST = 250_000_000_000

_ALL, _ONE = "/cluster/jobs/realm-sync", "/cluster/jobs/realm-sync/{id}"
_NESTED = "400 Parameter verification failed.\n"


def _check(call: Call, name: str, section: Section) -> None:
    realm = call.cluster.access.realms.get(section["realm"])
    if realm is None:
        die(f"{_NESTED}realm: No such realm '{section['realm']}'")
    if realm["type"] not in ("ldap", "ad"):
        die(f"{_NESTED}realm: Only LDAP/AD realms can be synced.")


JOBS = Collection(
    file="jobs.cfg/realm-sync",
    key="id",
    all=_ALL,
    one=_ONE,
    create_at=_ONE,
    defined="Job '{name}' already exists",
    absent="No such job '{name}'",
    absent_update="no such realm-sync job",
    absent_delete=_NESTED + "id: No such job '{name}'",
    type="realm-sync",
    needed={"realm-sync": ("realm", "scope")},
    kinds={"realm-sync": frozenset("type realm scope schedule enabled enable-new remove-vanished comment".split())},
    shows_digest=False,
    check=_check,
)


@answers("GET", _ALL)
def listing(call: Call) -> Any:
    rows = []
    for name in sorted(JOBS.sections(call)):
        row = _section.show(call, JOBS, name, listed=True)
        known = call.cluster.schedules.get(f"realm-sync/{name}")
        last_run = int(known.last_run) if known and known.last_run else None
        rows.append({**row, "last-run": last_run, "next-run": next_run(call, row["schedule"], f"realm-sync/{name}")})
    return rows


def next_run(call: Call, event: str, key: str) -> int:
    """When a job comes next, in seconds since 1970; 0 for never."""
    known = call.cluster.schedules.get(key)
    since = known.since if known and known.event == event else call.cluster.now()
    return int(next_after(event, since) or 0)


@answers("GET", _ONE)
def read(call: Call) -> Any:
    name = call.text("id")
    if name not in JOBS.sections(call):
        refuse(id=JOBS.absent.format(name=name))
    return _section.show(call, JOBS, name)


def _given(call: Call) -> Section:
    return {k: v for k, v in call.params.items() if k not in ("id", "delete")}


@answers("POST", _ONE)
def create(call: Call) -> None:
    _section.create(call, JOBS, call.text("id"), {"enabled": "1", **_given(call)})


@answers("PUT", _ONE)
def update(call: Call) -> None:
    _section.update(call, JOBS, call.text("id"), _given(call))


@answers("DELETE", _ONE)
def delete(call: Call) -> None:
    name = call.text("id")
    if JOBS.sections(call).pop(name, None) is None:
        die((JOBS.absent_delete or "").format(name=name))


@answers("GET", "/cluster/jobs/schedule-analyze")
def analyze(call: Call) -> Any:
    start = call.number("starttime", int(call.cluster.now()))
    if not 0 <= start < _LATEST:
        refuse(starttime=f"value must be between 0 and {_LATEST}")
    found = itertools.islice(calendar.parse(call.text("schedule")).after(start), call.number("iterations", 10))
    return [{"timestamp": t, "utc": time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(t))} for t in found]
