"""/cluster/replication: copies of guests' local volumes on other nodes. Jobs are kept; a run copies at once."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sections import _section, realm_sync
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

_ALL, _ONE = "/cluster/replication", "/cluster/replication/{id}"
_NODE = "/nodes/{node}/replication"
_EVERY_QUARTER = "*/15"

JOBS = Collection(
    file="replication.cfg",
    key="id",
    all=_ALL,
    one=_ONE,
    create_at=_ALL,
    defined="replication job '{name}' already exists",
    absent="no such replication job '{name}'",
    absent_update="no such job '{name}'",
    absent_delete="no such job '{name}'",
    shows_key=True,
    kinds={"local": frozenset("type target source rate schedule comment disable remove_job".split())},
    needed={"local": ("target",)},
)


def _guest_of(name: str) -> int:
    return int(name.partition("-")[0])


def _may(call: Call, name: str, privilege: str) -> None:
    call.need(f"/vms/{_guest_of(name)}", privilege)


def _show(call: Call, name: str) -> Section:
    guest, _, number = name.partition("-")
    row = _section.show(call, JOBS, name)
    source = call.cluster.guests[int(guest)].node if int(guest) in call.cluster.guests else row.get("source")
    return {**row, "guest": int(guest), "jobnum": int(number), "source": source}


@answers("GET", _ALL)
def listing(call: Call) -> Any:
    names = sorted(JOBS.sections(call))
    return [_show(call, n) for n in names if call.may(f"/vms/{_guest_of(n)}", "VM.Audit")]


def _existing(call: Call) -> str:
    name = call.text("id")
    if name not in JOBS.sections(call):
        die(JOBS.absent.format(name=name))
    return name


@answers("GET", _ONE)
def read(call: Call) -> Any:
    name = _existing(call)
    _may(call, name, "VM.Audit")
    return _show(call, name)


def _given(call: Call) -> Section:
    return {k: v for k, v in call.params.items() if k not in ("id", "digest", "delete")}


@answers("POST", _ALL)
def create(call: Call) -> None:
    name, target = call.text("id"), call.text("target")
    _may(call, name, "VM.Replicate")
    guest = call.cluster.guests.get(_guest_of(name))
    if guest is None:
        die(f"Guest '{_guest_of(name)}' does not exist.")
    # A node that is on its own knows no target, not even itself (cluster-replication, 9.1).
    if target not in call.cluster.nodes or len(call.cluster.nodes) == 1:
        die(f"Target '{target}' does not exist.")
    if target == guest.node:
        die(f"Source and target can not be the same node '{target}'.")
    _section.create(call, JOBS, name, _given(call))


@answers("PUT", _ONE)
def update(call: Call) -> None:
    if call.text("id") in JOBS.sections(call):
        _may(call, call.text("id"), "VM.Replicate")
    _section.update(call, JOBS, call.text("id"), _given(call))


@answers("DELETE", _ONE)
def delete(call: Call) -> None:
    """At once; a real job first cleans its target up at its next run."""
    name = call.text("id")
    if name not in JOBS.sections(call):
        die((JOBS.absent_delete or "").format(name=name))
    _may(call, name, "VM.Replicate")
    del JOBS.sections(call)[name]
    _runs(call).pop(name, None)


def _runs(call: Call) -> dict[str, Section]:
    """Latest run by job."""
    return call.cluster.files.setdefault("replication/runs", {})


def _status(call: Call, name: str) -> Section:
    row, run = _show(call, name), _runs(call).get(name, {})
    known: Section = {k: row[k] for k in ("id", "guest", "jobnum", "type", "target", "source") if k in row}
    kind = call.cluster.guests[row["guest"]].kind if row["guest"] in call.cluster.guests else None
    moments: Section = {k: run.get("at", 0) for k in ("last_sync", "last_try")}
    next_sync = realm_sync.next_run(call, row.get("schedule", _EVERY_QUARTER))
    return {**known, **moments, "vmtype": kind, "next_sync": next_sync, "fail_count": 0, "duration": 0.0}


@answers("GET", _NODE)
def node_listing(call: Call) -> Any:
    names = [n for n in sorted(JOBS.sections(call)) if _show(call, n)["source"] == call.node.name]
    wanted = call.text("guest")
    return [
        _status(call, n)
        for n in names
        if wanted in ("", str(_guest_of(n))) and call.may(f"/vms/{_guest_of(n)}", "VM.Audit")
    ]


@answers("GET", _NODE + "/{id}/status")
def status(call: Call) -> Any:
    name = _existing(call)
    _may(call, name, "VM.Audit")
    return _status(call, name)


@answers("GET", _NODE + "/{id}/log")
def log(call: Call) -> Any:
    name = _existing(call)
    _may(call, name, "VM.Audit")
    lines = _runs(call).get(name, {}).get("log", [])
    return [{"n": n, "t": line} for n, line in enumerate(lines, 1)]


@answers("POST", _NODE + "/{id}/schedule_now")
def run_now(call: Call) -> None:
    name = _existing(call)
    _may(call, name, "VM.Replicate")
    now, target = int(call.cluster.now()), JOBS.sections(call)[name]["target"]
    _runs(call)[name] = {
        "at": now,
        "log": [f"{name}: start replication job", f"{name}: replicated to {target}", f"{name}: end replication job"],
    }
