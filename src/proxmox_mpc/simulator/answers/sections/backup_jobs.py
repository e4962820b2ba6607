"""/cluster/backup: scheduled backups. A daemon runs them."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.answers.sections import realm_sync
from proxmox_mpc.simulator.answers.sections._section import Section
from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest

_ALL, _ONE = "/cluster/backup", "/cluster/backup/{id}"
FILE = "jobs.cfg"
_NOT_STORED = frozenset({"id", "delete", "starttime", "dow"})
_NOT_DELETABLE = frozenset({"id", "schedule", "enabled", "type"})
_OBJECTS = frozenset({"fleecing", "performance", "prune-backups"})
_SELECTIONS = ("vmid", "all", "pool")


def _jobs(call: Call) -> dict[str, Section]:
    return call.cluster.files.setdefault(FILE, {})


def _nested(text: str) -> ApiError:
    """A parameter error under the lock of jobs.cfg: a 500 with the 400 in its text (facts, 9.1)."""
    return ApiError(500, f"400 Parameter verification failed.\n{text}\n")


def _show(call: Call, name: str) -> Section:
    facts = call.routes.method("POST", _ALL).parameters
    shown: Section = {"id": name, "type": "vzdump"}
    for key, value in _jobs(call)[name].items():
        if key in _OBJECTS:
            parts = _drives.parse(str(value), "enabled")
            shown[key] = {k: int(v) if key == "fleecing" and k == "enabled" else v for k, v in parts.items()}
        elif facts.facts(key).get("type") in ("integer", "boolean"):
            shown[key] = int(value)
        else:
            shown[key] = value
    return shown


def _schedule(call: Call) -> str | None:
    """The schedule that was sent, or the older start time and days as one."""
    if "starttime" in call.params:
        if "schedule" in call.params:
            refuse(starttime="'starttime' and 'schedule' cannot both be set")
        days = call.text("dow")
        return f"{days} {call.text('starttime')}".strip()
    return call.text("schedule") or None


def _given(call: Call) -> Section:
    given = {k: v for k, v in call.params.items() if k not in _NOT_STORED}
    if schedule := _schedule(call):
        given["schedule"] = schedule
    _guest.check_pool(call)
    if given.get("all") == "0":
        del given["all"]
    return given


def _check_fleecing(given: Section) -> None:
    if "enabled=1" in given.get("fleecing", "") and "storage=" not in given["fleecing"]:
        refuse(fleecing="invalid format - 'storage' parameter is required when 'enabled' is set\n")


def _next_run(call: Call, row: Section) -> int:
    return realm_sync.next_run(call, row["schedule"], f"vzdump/{row['id']}")


@answers("GET", _ALL)
def listing(call: Call) -> Any:
    rows = [_show(call, name) for name in _jobs(call)]
    return [{**r, "next-run": _next_run(call, r)} if r["enabled"] else r for r in rows]


@answers("GET", _ONE)
def read(call: Call) -> Any:
    name = call.text("id")
    if name not in _jobs(call):
        refuse(id=f"No such job '{name}'")
    return _show(call, name)


@answers("POST", _ALL)
def create(call: Call) -> None:
    given = _given(call)
    _check_fleecing(given)
    if "schedule" not in given:
        refuse(schedule="neither 'starttime' nor 'schedule' were set")
    name = call.text("id") or f"backup-{call.cluster.new_uuid()[:13]}"
    if name in _jobs(call):
        die(f"Job '{name}' already exists")
    chosen = [s for s in _SELECTIONS if s in given]
    if not chosen:
        raise _nested("vmid: property is missing")
    if len(chosen) > 1:
        raise _nested(f"{chosen[1]}: option conflicts with option '{chosen[0]}'")
    if "exclude" in given and chosen != ["all"]:
        raise _nested(f"exclude: option conflicts with option '{chosen[0]}'")
    _jobs(call)[name] = {"enabled": "1", **given}


@answers("PUT", _ONE)
def update(call: Call) -> None:
    """A new selection replaces the old one; a key that is set and deleted is set."""
    name, given = call.text("id"), _given(call)
    if not given and "delete" not in call.params:
        die("no options specified")
    _check_fleecing(given)
    if name not in _jobs(call):
        die("no such vzdump job")
    job = dict(_jobs(call)[name])
    known = call.method.parameters.indexes
    for key in call.items("delete"):
        if key not in known or key in _NOT_DELETABLE or key in _NOT_STORED:
            raise _nested(f"delete: unknown option '{key}'")
        job.pop(key, None)
    if chosen := [s for s in _SELECTIONS if s in given]:
        for other in (*_SELECTIONS, "exclude"):
            if other not in chosen:
                job.pop(other, None)
    _jobs(call)[name] = {**job, **given}


@answers("DELETE", _ONE)
def delete(call: Call) -> None:
    name = call.text("id")
    if _jobs(call).pop(name, None) is None:
        raise _nested(f"id: No such job '{name}'")


@answers("GET", _ONE + "/included_volumes")
def included(call: Call) -> Any:
    name = call.text("id")
    if name not in _jobs(call):
        refuse(id=f"No such job '{name}'")
    pool = _jobs(call)[name].get("pool")
    if pool and pool not in call.cluster.pools:
        die(f"pool '{pool}' does not exist")
    rows = [
        _included(guest)
        for guest in call.cluster.guests.values()
        if covers(call.cluster, _jobs(call)[name], guest.vmid)
    ]
    named = [int(v) for v in split_list(_jobs(call)[name].get("vmid", ""))]
    rows += [{"id": v, "type": "unknown", "leaf": 1} for v in named if v not in call.cluster.guests]
    return {"children": rows}


def _included(guest: Guest) -> Section:
    """A guest of a job with its volumes; one that has none is a leaf, and one without a name has null."""
    volumes = []
    for key, text in guest.live.items():
        if guest.is_volume_key(key) and not _drives.is_cdrom(text):
            kept = _drives.parse(text).get("backup", "1" if guest.is_qemu or key == "rootfs" else "0") == "1"
            volumes.append(
                {
                    "id": f"{guest.vmid}:{key}",
                    "name": _drives.parse_volume(text),
                    "included": int(kept),
                    "reason": f"backup={'yes' if kept else 'no'}",
                    "leaf": 1,
                }
            )
    name = guest.live.get("name" if guest.is_qemu else "hostname")
    return {"id": guest.vmid, "name": name, "type": guest.kind, "children": volumes, "leaf": int(not volumes)}


def covers(cluster: Cluster, job: Section, vmid: int) -> bool:
    """Does the job back this guest up?"""
    if "vmid" in job:
        return str(vmid) in split_list(job["vmid"])
    if "pool" in job:
        return job["pool"] in cluster.pools and vmid in cluster.pools[job["pool"]].guests
    return str(vmid) not in split_list(job.get("exclude", ""))


@answers("GET", "/cluster/backup-info/not-backed-up")
def left_out(call: Call) -> Any:
    """Guests that no enabled job covers."""
    jobs = [job for job in _jobs(call).values() if job.get("enabled") != "0"]
    rows = []
    for guest in call.cluster.guests.values():
        if call.may(f"/vms/{guest.vmid}", "VM.Audit") and not any(
            covers(call.cluster, job, guest.vmid) for job in jobs
        ):
            rows.append({"vmid": guest.vmid, "name": guest.name, "type": guest.kind})
    return rows
