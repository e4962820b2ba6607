"""The Ceph cluster as a whole: made, how it does, its flags, its configuration."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.ceph import _cluster, daemons
from proxmox_mpc.simulator.answers.ceph.daemons import ROLES
from proxmox_mpc.simulator.state.ceph import RELEASE, VERSION, Ceph

_PATH = "/nodes/{node}/ceph"
# What each flag stops; the words are ours.
_FLAGS = {
    "nobackfill": "Backfilling of placement groups is suspended.",
    "nodeep-scrub": "Deep scrubbing is off.",
    "nodown": "Reports of failed daemons are ignored: none is marked down.",
    "noin": "Daemons that were out are not marked in when they start.",
    "noout": "Daemons that are down are not marked out.",
    "norebalance": "Rebalancing is suspended.",
    "norecover": "Recovery is suspended.",
    "noscrub": "Scrubbing is off.",
    "notieragent": "Cache tiering is suspended.",
    "noup": "Daemons may not start.",
    "pause": "Reads and writes are paused.",
}


@answers("POST", f"{_PATH}/init")
def initialize(call: Call) -> None:
    """Write ceph.conf; once more changes nothing but the sizes."""
    ceph = _cluster.installed(call)
    size, least = call.number("size", 3), call.number("min_size", 2)
    if least > size:
        die(f"min_size {least} is larger than size {size}")
    network = call.text("network") or f"{call.node.address}/24"
    known = ceph.conf or {"fsid": call.cluster.new_uuid(), "public_network": network}
    auth = "none" if call.flag("disable_cephx") else "cephx"
    ceph.conf = {
        **{f"auth_{who}_required": auth for who in ("client", "cluster", "service")},
        "cluster_network": call.text("cluster-network") or known["public_network"],
        **known,
        "mon_allow_pool_delete": "true",
        "osd_pool_default_min_size": str(least),
        "osd_pool_default_size": str(size),
    }


def _health(call: Call, ceph: Ceph) -> dict[str, Any]:
    texts: dict[str, str] = {}
    down = [n for n, osd in ceph.osds.items() if osd.is_in and not _cluster.runs(call.cluster, osd)]
    missing = [name for name in ceph.monitors if name not in _cluster.quorum(call.cluster)]
    wanted = int(ceph.conf["osd_pool_default_size"])
    if missing:
        texts["MON_DOWN"] = f"{len(missing)}/{len(ceph.monitors)} mons down"
    if down:
        texts["OSD_DOWN"] = f"{len(down)} osds down"
    if len(ceph.osds) < wanted:
        texts["TOO_FEW_OSDS"] = f"OSD count {len(ceph.osds)} < osd_pool_default_size {wanted}"
    if ceph.flags:
        texts["OSDMAP_FLAGS"] = f"{','.join(ceph.flags)} flag(s) set"
    if next(daemons.active(call, ceph.managers), None) is None:
        texts["MGR_DOWN"] = "no active mgr"
    checks = {
        name: {"severity": "HEALTH_WARN", "muted": False, "summary": {"message": text, "count": 1}, "detail": []}
        for name, text in texts.items()
    }
    return {"status": "HEALTH_WARN" if checks else "HEALTH_OK", "checks": checks, "mutes": []}


@answers("GET", f"{_PATH}/status", "/cluster/ceph/status")
def status(call: Call) -> Any:
    ceph, cluster = _cluster.working(call), call.cluster
    there, used = _cluster.quorum(cluster), _cluster.raw_used(cluster)
    active = [*daemons.active(call, ceph.managers)]
    groups = sum(int(pool.settings["pg_num"]) for pool in ceph.pools.values())
    state = (
        "active+clean" if all(_cluster.runs(cluster, o) for o in ceph.osds.values()) else "active+undersized+degraded"
    )
    servers = [*daemons.active(call, ceph.metadata_servers)]
    busy = servers[: len(ceph.filesystems)]
    names = list(ceph.monitors)
    return {
        "fsid": ceph.conf["fsid"],
        "health": _health(call, ceph),
        "quorum": [names.index(name) for name in there],
        "quorum_names": there,
        "monmap": {
            "epoch": len(names), "fsid": ceph.conf["fsid"], "min_mon_release_name": RELEASE, "num_mons": len(names),
            "mons": [
                {"rank": rank, "name": name, "addr": f"{_cluster.address(call, ceph.monitors[name].node)}:6789/0"}
                for rank, name in enumerate(names)
            ],
        },
        "mgrmap": {
            "available": bool(active), "active_name": active[0] if active else "",
            "standbys": [{"name": name} for name in active[1:]], "num_standbys": len(active[1:]), "services": {},
        },
        "osdmap": {
            "epoch": len(ceph.log) + 1, "num_osds": len(ceph.osds),
            "num_up_osds": sum(_cluster.runs(cluster, osd) for osd in ceph.osds.values()),
            "num_in_osds": sum(osd.is_in for osd in ceph.osds.values()), "num_remapped_pgs": 0,
        },
        "pgmap": {
            "num_pools": len(ceph.pools), "num_pgs": groups, "bytes_total": ceph.total, "bytes_used": used,
            "bytes_avail": ceph.total - used, "num_objects": used // 4194304,
            "data_bytes": sum(_cluster.stored(cluster, name) for name in ceph.pools),
            "pgs_by_state": [{"state_name": state, "count": groups}] if groups else [],
        },
        "fsmap": {
            "epoch": 1, "up": len(busy), "up:standby": len(servers) - len(busy),
            "by_rank": [{"name": name, "rank": rank, "status": "up:active"} for rank, name in enumerate(busy)],
        },
        "servicemap": {"epoch": 1, "services": {}},
    }  # fmt: skip


def _version_of(call: Call, node: str) -> dict[str, Any]:
    return {
        "hostname": node, "ceph_release": RELEASE, "ceph_version": f"ceph version {VERSION}",
        "ceph_version_short": VERSION, "mem_swap_kb": 0, "mem_total_kb": call.cluster.nodes[node].memory // 1024,
    }  # fmt: skip


@answers("GET", "/cluster/ceph/metadata")
def metadata(call: Call) -> Any:
    """Versions of all daemons; `scope` makes no difference but in what a client shows."""
    ceph = _cluster.working(call)
    nodes = {
        name: {"buildcommit": "simulated", "version": {"str": VERSION, "parts": VERSION.split(".")}}
        for name in ceph.installed if name in call.cluster.nodes
    }  # fmt: skip
    found: dict[str, Any] = {"node": nodes}
    for short, role in ROLES.items():
        where = "addrs" if short == "mon" else "addr"
        found[short] = {
            f"{name}@{d.node}": {"name": name, where: _cluster.address(call, d.node), **_version_of(call, d.node)}
            for name, d in role.kept(ceph).items()
        }
    found["osd"] = [
        {
            "id": number, "back_addr": _cluster.address(call, osd.node), "device_id": osd.device.removeprefix("/dev/"),
            "front_addr": _cluster.address(call, osd.node), "osd_data": f"/var/lib/ceph/osd/ceph-{number}",
            "osd_objectstore": "bluestore", **_version_of(call, osd.node),
        }
        for number, osd in ceph.osds.items()
    ]  # fmt: skip
    return found


@answers("GET", "/cluster/ceph/flags")
def flags(call: Call) -> Any:
    ceph = _cluster.working(call)
    return [{"name": n, "description": text, "value": int(n in ceph.flags)} for n, text in _FLAGS.items()]


@answers("PUT", "/cluster/ceph/flags")
def set_flags(call: Call) -> str:
    ceph = _cluster.working(call)

    def work(work: Work) -> None:
        for name in [n for n in _FLAGS if n in call.params]:
            work.log(f"{'setting' if call.flag(name) else 'unsetting'} {name}")
            _set_flag(ceph, name, call.flag(name))

    return call.fork("cephsetflags", "", work)


@answers("GET", "/cluster/ceph/flags/{flag}")
def flag(call: Call) -> int:
    return int(call.text("flag") in _cluster.working(call).flags)


@answers("PUT", "/cluster/ceph/flags/{flag}")
def set_flag(call: Call) -> None:
    _set_flag(_cluster.working(call), call.text("flag"), call.flag("value"))


def _set_flag(ceph: Ceph, name: str, value: bool) -> None:
    ceph.flags = sorted({*ceph.flags, name} if value else {*ceph.flags} - {name})


@answers("GET", f"{_PATH}/cmd-safety")
def safety(call: Call) -> Any:
    """May a daemon be stopped or destroyed without harm?"""
    ceph, kind, name = _cluster.working(call), call.text("service"), call.text("id")
    if kind == "osd":
        running = [n for n, osd in ceph.osds.items() if _cluster.runs(call.cluster, osd) and str(n) != name]
        least = max((int(pool.settings["min_size"]) for pool in ceph.pools.values()), default=1)
        is_safe, why = len(running) >= least, f"pools need {least} daemons, and {len(running)} would be left"
    elif kind == "mon":
        left = [n for n in _cluster.quorum(call.cluster) if n != name]
        count = len(ceph.monitors) - (call.text("action") == "destroy")
        is_safe, why = len(left) * 2 > count, "the monitors would lose their quorum"
    else:
        left = [n for n in daemons.active(call, ceph.metadata_servers) if n != name]
        is_safe, why = len(left) >= len(ceph.filesystems), "no other metadata server could take over"
    return {"safe": 1} if is_safe else {"safe": 0, "status": why}


@answers("GET", f"{_PATH}/cfg")
def configuration(call: Call) -> Any:
    return [{"name": "raw"}, {"name": "db"}, {"name": "value"}]


@answers("GET", f"{_PATH}/cfg/raw")
def file(call: Call) -> str:
    lines = [f"\t{key} = {value}" for key, value in sorted(_cluster.initialized(call).conf.items())]
    return "\n".join(["[global]", *lines, "", "[client]", "\tkeyring = /etc/pve/priv/$cluster.$name.keyring", ""])


@answers("GET", f"{_PATH}/cfg/db")
def database(call: Call) -> Any:
    _cluster.working(call)
    found = {"mon": {"auth_allow_insecure_global_id_reclaim": "false"}, "osd": {"osd_memory_target": "4294967296"}}
    return [
        {"section": section, "mask": "", "name": name, "value": value, "level": "advanced", "can_update_at_runtime": 1}
        for section, values in found.items() for name, value in values.items()
    ]  # fmt: skip


@answers("GET", f"{_PATH}/cfg/value")
def values(call: Call) -> Any:
    """Those of the asked keys (`section:key`) that are set."""
    conf, found = _cluster.initialized(call).conf, dict[str, dict[str, str]]()
    for one in call.items("config-keys"):
        section, _, key = one.partition(":")
        if section == "global" and (name := key.replace("-", "_").replace(" ", "_")) in conf:
            found.setdefault(section, {})[key] = conf[name]
    return found


@answers("GET", f"{_PATH}/crush")
def crush(call: Call) -> str:
    ceph = _cluster.working(call)
    devices = [f"device {n} osd.{n} class {osd.device_class}" for n, osd in ceph.osds.items()]
    hosts = []
    for name in dict.fromkeys(osd.node for osd in ceph.osds.values()):
        items = [f"\titem osd.{n} weight {o.size / 1024**4:.5f}" for n, o in ceph.osds.items() if o.node == name]
        hosts += [f"host {name} {{", "\talg straw2", "\thash 0", *items, "}"]
    return "\n".join(
        ["# begin crush map", "", "# devices", *devices, "", "# buckets", *hosts, "", "# end crush map", ""]
    )


@answers("GET", f"{_PATH}/log")
def log(call: Call) -> Any:
    lines = _cluster.initialized(call).log
    first, limit = call.number("start"), call.number("limit", 50) or len(lines)
    call.beside["total"] = len(lines)
    return [{"n": first + i + 1, "t": line} for i, line in enumerate(lines[first : first + limit])]
