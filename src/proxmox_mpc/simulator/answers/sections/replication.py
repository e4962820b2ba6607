"""/cluster/replication: copies of guests' local volumes on other nodes. A daemon makes them."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _replication
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

_ALL, _ONE = "/cluster/replication", "/cluster/replication/{id}"
_NODE = "/nodes/{node}/replication"

JOBS = Collection(
    file=_replication.FILE,
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


def _may(call: Call, name: str, privilege: str) -> None:
    call.need(f"/vms/{_replication.guest_of(name)}", privilege)


def _show(call: Call, name: str) -> Section:
    guest, _, number = name.partition("-")
    row = _section.show(call, JOBS, name)
    source = call.cluster.guests[int(guest)].node if int(guest) in call.cluster.guests else row.get("source")
    return {**row, "guest": int(guest), "jobnum": int(number), "source": source}


@answers("GET", _ALL)
def listing(call: Call) -> Any:
    names = sorted(JOBS.sections(call))
    return [_show(call, n) for n in names if call.may(f"/vms/{_replication.guest_of(n)}", "VM.Audit")]


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
    guest = call.cluster.guests.get(_replication.guest_of(name))
    if guest is None:
        die(f"Guest '{_replication.guest_of(name)}' does not exist.")
    # A node that is on its own knows no target, not even itself (cluster-replication, 9.1).
    if target not in call.cluster.nodes or len(call.cluster.nodes) == 1:
        die(f"Target '{target}' does not exist.")
    if target == guest.node:
        die(f"Source and target can not be the same node '{target}'.")
    if not _replication.volumes(call.cluster, guest):
        die("No replicatable volumes found")
    for other in _replication.jobs_of(call.cluster, guest.vmid):
        if other != name and JOBS.sections(call)[other]["target"] == target:
            die(f"replication job for guest '{guest.vmid}' to target '{target}' already exists")
    _section.create(call, JOBS, name, _given(call))


@answers("PUT", _ONE)
def update(call: Call) -> None:
    if call.text("id") in JOBS.sections(call):
        _may(call, call.text("id"), "VM.Replicate")
    _section.update(call, JOBS, call.text("id"), _given(call))


@answers("DELETE", _ONE)
def delete(call: Call) -> None:
    """The job goes at its next run, after its copies (with `keep`, without them); by force, at once."""
    name = call.text("id")
    if name not in JOBS.sections(call):
        die((JOBS.absent_delete or "").format(name=name))
    _may(call, name, "VM.Replicate")
    if call.flag("force"):
        _replication.forget(call.cluster, name)
    else:
        JOBS.sections(call)[name]["remove_job"] = "local" if call.flag("keep") else "full"


def _status(call: Call, name: str) -> Section:
    row, run = _show(call, name), _replication.state(call.cluster, name)
    known: Section = {
        k: row[k] for k in ("id", "guest", "jobnum", "type", "target", "source", "schedule", "rate") if k in row
    }
    guest = call.cluster.guests.get(row["guest"])
    shown: Section = {
        "vmtype": guest.kind if guest else None,
        "last_sync": int(run.last_sync),
        "last_try": int(run.last_try),
        "next_sync": int(_replication.next_sync(call.cluster, name) or 0),
        "fail_count": run.fail_count,
        "duration": run.duration,
    }
    shown |= {"error": run.error} if run.error else {}
    return {**known, **shown, **({"pid": run.pid} if run.pid else {})}


@answers("GET", _NODE)
def node_listing(call: Call) -> Any:
    names = [n for n in sorted(JOBS.sections(call)) if _show(call, n)["source"] == call.node.name]
    wanted = call.text("guest")
    return [
        _status(call, n)
        for n in names
        if wanted in ("", str(_replication.guest_of(n))) and call.may(f"/vms/{_replication.guest_of(n)}", "VM.Audit")
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
    lines, first = _replication.state(call.cluster, name).log, call.number("start")
    call.beside["total"] = len(lines)
    return [{"n": n, "t": line} for n, line in enumerate(lines, 1)][first : first + call.number("limit", 50)]


@answers("POST", _NODE + "/{id}/schedule_now")
def run_now(call: Call) -> str:
    name = _existing(call)
    _may(call, name, "VM.Replicate")
    run = _replication.state(call.cluster, name)
    run.wanted_at, run.fail_count = call.cluster.now(), 0
    return name
