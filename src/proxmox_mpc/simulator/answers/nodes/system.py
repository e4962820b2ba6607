"""A node's hosts file and time zone, its log, its traffic, and a report about it."""

from __future__ import annotations

import hashlib
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _vitals
from proxmox_mpc.simulator.answers.nodes import _packages

_NODE = "/nodes/{node}"


# --- hosts and time ---------------------------------------------------------------------------------


def _hosts(call: Call) -> str:
    node = call.node
    usual = f"127.0.0.1 localhost.localdomain localhost\n{node.address} {node.name}.example.test {node.name}\n"
    return node.settings.get("hosts", usual)


@answers("GET", f"{_NODE}/hosts")
def hosts(call: Call) -> Any:
    text = _hosts(call)
    return {"data": text, "digest": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}


@answers("POST", f"{_NODE}/hosts")
def set_hosts(call: Call) -> None:
    if "digest" in call.params and call.text("digest") != hosts(call)["digest"]:
        die("detected modified configuration - file changed by other user? Try again.")
    call.node.settings["hosts"] = call.text("data")


@answers("GET", f"{_NODE}/time")
def clock(call: Call) -> Any:
    now = int(call.cluster.now())
    zone = call.node.settings.get("timezone", "Etc/UTC")
    offset = datetime.fromtimestamp(now, zoneinfo.ZoneInfo(zone)).utcoffset()
    return {"time": now, "timezone": zone, "localtime": now + int(offset.total_seconds() if offset else 0)}


@answers("PUT", f"{_NODE}/time")
def set_zone(call: Call) -> None:
    if call.text("timezone") not in zoneinfo.available_timezones():
        die(f"No such timezone: '{call.text('timezone')}'")
    call.node.settings["timezone"] = call.text("timezone")


# --- logs -------------------------------------------------------------------------------------------


def _entries(call: Call) -> Iterator[tuple[float, str, str]]:
    """Moment, service and text of all that the node logged: its boot and its tasks."""
    if not call.cluster.has_journal:
        return
    node = call.node
    yield node.booted, "kernel", f"Linux version {_packages.KERNEL}"
    for moment, service in ((5, "systemd"), (9, "pve-cluster"), (12, "pvedaemon"), (13, "pveproxy"), (15, "pvestatd")):
        yield node.booted + moment, service, "started"
    for task in call.cluster.tasks.values():
        if task.node == node.name:
            yield task.starttime, f"pvedaemon[{task.pid}]", f"<{task.user}> starting task {task.upid}"
            if task.status is not None and task.endtime is not None:
                text = f"<{task.user}> end task {task.upid} {task.status}"
                yield task.endtime, f"pvedaemon[{task.pid}]", text


def _lines(call: Call, since: float, until: float, service: str = "") -> list[str]:
    """The log's lines, oldest first."""
    found = sorted((e for e in _entries(call) if since <= e[0] <= until), key=lambda entry: entry[0])
    return [
        f"{datetime.fromtimestamp(moment, UTC):%b %d %H:%M:%S} {call.node.name} {source}: {text}"
        for moment, source, text in found
        if source.partition("[")[0].startswith(service)
    ]


def _moment(text: str, default: float) -> float:
    """`2026-01-02`, with or without a time, as seconds since 1970."""
    if not text:
        return default
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        die(f"Failed to parse timestamp: {text}")


@answers("GET", f"{_NODE}/syslog")
def syslog(call: Call) -> Any:
    since, until = _moment(call.text("since"), 0), _moment(call.text("until"), call.cluster.now())
    lines = _lines(call, since, until, call.text("service").removesuffix(".service")) or ["-- No entries --"]
    call.beside["total"] = len(lines)
    first, limit = call.number("start"), call.number("limit", 50) or len(lines)
    return [{"n": first + i + 1, "t": line} for i, line in enumerate(lines[first : first + limit])]


@answers("GET", f"{_NODE}/journal")
def journal(call: Call) -> Any:
    """Lines between two cursors; a cursor is the number of a line."""
    now = call.cluster.now()
    lines = _lines(call, call.number("since"), call.number("until", int(now) + 1))
    first, last = _cursor(call, "startcursor", 0) + ("startcursor" in call.params), len(lines)
    if "endcursor" in call.params:
        last = min(last, _cursor(call, "endcursor", last))
    if "lastentries" in call.params:
        first = max(first, last - call.number("lastentries"))
    return [f"s=simulated;i={first:x}", *lines[first:last], f"s=simulated;i={max(first, last - 1):x}"]


def _cursor(call: Call, name: str, default: int) -> int:
    if name not in call.params:
        return default
    try:
        return int(call.text(name).rpartition("i=")[2], 16)
    except ValueError:
        die("Failed to seek to cursor: Invalid argument")


# --- traffic and report -----------------------------------------------------------------------------


@answers("GET", f"{_NODE}/netstat")
def traffic(call: Call) -> Any:
    """Bytes of each network device of the guests that run here."""
    rows = []
    for guest in call.cluster.guests.values():
        if guest.node == call.node.name and guest.is_running:
            load = _vitals.load(guest, call.cluster.now())
            devices = sorted(k for k in guest.live if k.startswith("net") and k[3:].isdigit())
            for device in devices:
                share = {k: str(int(load.get(f"net{k}", 0)) // len(devices)) for k in ("in", "out")}
                rows.append({"vmid": str(guest.vmid), "dev": device, **share})
    return rows


@answers("GET", f"{_NODE}/report")
def report(call: Call) -> str:
    """The sections of PVE's report, as far as the simulator has something to say in them."""
    cluster, node = call.cluster, call.node
    sections = {
        "general system info": [f"# hostname\n{node.name}", f"# uname\nLinux {node.name} {_packages.KERNEL}"],
        "packages": [f"{p.name}: {p.version(cluster.version)}" for p in _packages.PACKAGES],
        "hosts": [_hosts(call)],
        "storages": [f"{d['type']}: {name}" for name, d in cluster.storages.items()],
        "guests": [f"{g.vmid} {g.kind} {g.name}" for g in cluster.guests.values() if g.node == node.name],
        "network": [f"iface {name} {i.get('type', '')}" for name, i in node.interfaces.items()],
        "disks": [f"{d.path} {d.size} {d.model}" for d in node.disks],
        "cluster": [f"{n.name} {n.address} {'online' if n.online else 'offline'}" for n in cluster.nodes.values()],
    }
    return "\n".join("\n".join([f"==== {title} ====", "", *lines, ""]) for title, lines in sections.items())
