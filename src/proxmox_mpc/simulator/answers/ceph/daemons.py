"""Monitors, managers and metadata servers: made, listed, destroyed; all daemons started and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.ceph import _cluster
from proxmox_mpc.simulator.state.ceph import VERSION, Ceph, Daemon, Osd

_PATH = "/nodes/{node}/ceph"
_TAKES_S = 4.0


@dataclass(frozen=True)
class Role:
    """One kind of daemon: its short name, the parameter that names one, what PVE calls it, and where they are kept."""

    short: str
    key: str
    word: str
    kept: Callable[[Ceph], dict[str, Daemon]]


ROLES: Mapping[str, Role] = {
    "mon": Role("mon", "monid", "monitor", lambda ceph: ceph.monitors),
    "mgr": Role("mgr", "id", "manager", lambda ceph: ceph.managers),
    "mds": Role("mds", "name", "MDS", lambda ceph: ceph.metadata_servers),
}


def _make(call: Call, role: Role, name: str, work: Work) -> None:
    work.log(f"creating {role.word} {name} on {call.node.name}")
    role.kept(call.cluster.ceph)[name] = Daemon(call.node.name)
    if role.short != "mon":
        return
    conf = call.cluster.ceph.conf
    hosts = [m.node for m in call.cluster.ceph.monitors.values()]
    conf["mon_host"] = " ".join(dict.fromkeys(_cluster.address(call, host) for host in hosts))
    if not call.cluster.ceph.managers:
        # The first monitor brings the first manager with it (pveceph, 9.1).
        _make(call, ROLES["mgr"], name, work)


def _check_last(call: Call, role: Role) -> None:
    if role.short == "mon" and len(call.cluster.ceph.monitors) == 1:
        die("can't remove last monitor")


def _register(role: Role) -> None:
    one = f"{_PATH}/{role.short}/{{{role.key}}}"

    @answers("POST", one)
    def create(call: Call) -> str:
        ceph, name = _cluster.initialized(call), call.text(role.key)
        if role.short != "mon":
            _cluster.working(call)
        if name in role.kept(ceph):
            die(f"{role.word} '{name}' already exists")
        if any(d.node == call.node.name for d in role.kept(ceph).values()) and role.short != "mds":
            die(f"{role.word} on node '{call.node.name}' already exists")

        async def work(work: Work) -> None:
            await work.takes(_TAKES_S)
            _make(call, role, name, work)
            _cluster.note(call, f"{role.short}.{name} is new")

        return call.fork(f"cephcreate{role.short}", f"{role.short}.{name}", work)

    @answers("DELETE", one)
    def destroy(call: Call) -> str:
        ceph, name = _cluster.initialized(call), call.text(role.key)
        if name not in role.kept(ceph) or role.kept(ceph)[name].node != call.node.name:
            die(f"{role.word} '{name}' does not exist on this node")
        _check_last(call, role)

        async def work(work: Work) -> None:
            await work.takes(_TAKES_S)
            _check_last(call, role)
            role.kept(ceph).pop(name, None)

        return call.fork(f"cephdestroy{role.short}", f"{role.short}.{name}", work)


for _role in ROLES.values():
    _register(_role)


def _row(call: Call, name: str, daemon: Daemon) -> dict[str, Any]:
    return {
        "name": name, "host": daemon.node, "addr": f"{_cluster.address(call, daemon.node)}:6800/1",
        "direxists": "1", "service": 1, "ceph_version": f"ceph version {VERSION}", "ceph_version_short": VERSION,
    }  # fmt: skip


@answers("GET", f"{_PATH}/mon")
def monitors(call: Call) -> Any:
    ceph, there = _cluster.initialized(call), _cluster.quorum(call.cluster)
    return [
        {
            **_row(call, name, monitor), "addr": f"{_cluster.address(call, monitor.node)}:6789/0", "rank": rank,
            "quorum": int(name in there), "state": "running" if name in there else "stopped", "host": 1,
        }
        for rank, (name, monitor) in enumerate(ceph.monitors.items())
    ]  # fmt: skip


def active(call: Call, kept: Mapping[str, Daemon]) -> Iterator[str]:
    """The daemons that run, the active one first."""
    return (name for name, daemon in kept.items() if _cluster.runs(call.cluster, daemon))


@answers("GET", f"{_PATH}/mgr")
def managers(call: Call) -> Any:
    ceph = _cluster.working(call)
    first = next(active(call, ceph.managers), "")
    states = {n: "active" if n == first else "standby" for n in active(call, ceph.managers)}
    return [{**_row(call, n, d), "state": states.get(n, "stopped")} for n, d in ceph.managers.items()]


@answers("GET", f"{_PATH}/mds")
def metadata_servers(call: Call) -> Any:
    ceph = _cluster.working(call)
    ranks = {name: rank for rank, name in enumerate(active(call, ceph.metadata_servers))}
    rows = []
    for name, daemon in ceph.metadata_servers.items():
        is_active = ranks.get(name, len(ceph.filesystems)) < len(ceph.filesystems)
        state = "up:active" if is_active else "up:standby" if name in ranks else "stopped"
        row = {**_row(call, name, daemon), "state": state, "standby_replay": 0}
        rows.append({**row, "rank": ranks[name]} if is_active else row)
    return rows


def _named(call: Call, service: str) -> list[Daemon | Osd]:
    """The daemons of this node that a service name means: all, all of a kind, or one."""
    ceph, (kind, _, name) = call.cluster.ceph, service.partition(".")
    found: list[tuple[str, str, Daemon | Osd]] = [
        (short, key, daemon) for short, role in ROLES.items() for key, daemon in role.kept(ceph).items()
    ]
    found += [("osd", str(number), osd) for number, osd in ceph.osds.items()]
    wanted = [d for short, key, d in found if kind in ("ceph", short) and name in ("", "target", key)]
    return [daemon for daemon in wanted if daemon.node == call.node.name]


def _register_command(word: str) -> None:
    @answers("POST", f"{_PATH}/{word}")
    def command(call: Call) -> str:
        _cluster.initialized(call)
        service = call.text("service", "ceph.target")
        if not _named(call, service):
            die(f"ceph service '{service}' does not exist on this node")

        async def work(work: Work) -> None:
            await work.takes(_TAKES_S)
            for daemon in _named(call, service):
                daemon.is_running = word != "stop"
            _cluster.note(call, f"{service} on {call.node.name}: {word}")

        return call.fork(f"srv{word}", service.removesuffix(".target"), work)


for _word in ("start", "stop", "restart"):
    _register_command(_word)
