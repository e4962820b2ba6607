"""/nodes/{node}/ceph/pool: where data is kept, in how many copies; offered as storages."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.ceph import _cluster
from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.state.ceph import CephPool
from proxmox_mpc.simulator.state.storage import parse_size

_PATH = "/nodes/{node}/ceph/pool"
_ONE = _PATH + "/{name}"
_TAKES_S = 3.0
RULES = ("replicated_rule",)
_DEFAULTS = {
    "size": "3", "min_size": "2", "pg_num": "128", "pg_autoscale_mode": "warn", "application": "rbd",
    "crush_rule": RULES[0],
}  # fmt: skip
_SETTINGS = (*_DEFAULTS, "pg_num_min", "target_size", "target_size_ratio")
# Ceph's managers keep their own data here.
_INTERNAL = ".mgr"


def make_internal(call: Call) -> None:
    """With the first daemon that keeps data comes the managers' own pool."""
    ceph = call.cluster.ceph
    if _INTERNAL not in ceph.pools:
        ceph.add_pool(_INTERNAL, {**_DEFAULTS, "pg_num": "1", "pg_autoscale_mode": "on", "application": "mgr"})


def _check(call: Call, settings: dict[str, str]) -> None:
    if int(settings["min_size"]) > int(settings["size"]):
        die(f"min_size {settings['min_size']} is larger than size {settings['size']}")
    if settings["crush_rule"] not in rules(call):
        die(f"specified rule {settings['crush_rule']} doesn't exist")


def rules(call: Call) -> list[str]:
    """Rules by which data is spread: one for all, and one for each erasure-coded pool."""
    coded = (name for name, pool in call.cluster.ceph.pools.items() if pool.parts)
    return [*RULES, *coded]


@answers("POST", _PATH)
def create(call: Call) -> str:
    ceph, name = _cluster.working(call), call.text("name")
    settings = {**defaults(call), **call.given(_SETTINGS)}
    coding = _drives.parse(call.text("erasure-coding"), "k") if "erasure-coding" in call.params else {}
    parts = [int(coding.get("k", 2)), int(coding.get("m", 1))] if coding else []
    wanted = {f"{name}-metadata": [], f"{name}-data": parts} if parts else {name: parts}
    adds_storage = call.flag("add_storages", bool(parts))

    def check() -> None:
        if taken := [one for one in wanted if one in ceph.pools]:
            die(f"pool '{taken[0]}' already exists")
        if adds_storage and name in call.cluster.storages:
            die(f"storage ID '{name}' already defined")

    check()
    if parts and "size" not in call.params:
        settings["size"] = str(sum(parts))
    _check(call, settings)

    async def work(work: Work) -> None:
        check()
        await work.takes(_TAKES_S)
        for one, chunks in wanted.items():
            work.log(f"creating pool '{one}'")
            own = {**settings, "size": str(sum(chunks)), "crush_rule": one} if chunks else settings
            ceph.add_pool(one, dict(own), chunks)
        if adds_storage:
            first = next(iter(wanted))
            definition = {"type": "rbd", "pool": first, "content": "images,rootdir", "krbd": "0"}
            call.cluster.storages[name] = definition | ({"data-pool": f"{name}-data"} if parts else {})

    return call.fork("cephcreatepool", name, work)


def defaults(call: Call) -> dict[str, str]:
    conf = call.cluster.ceph.conf
    sizes = {"size": conf["osd_pool_default_size"], "min_size": conf["osd_pool_default_min_size"]}
    return {**_DEFAULTS, **sizes}


@answers("PUT", _ONE)
def update(call: Call) -> str:
    _cluster.working(call)
    name, pool = _cluster.pool(call)
    merged = {**pool.settings, **call.given(_SETTINGS)}
    if pool.parts and merged["size"] != pool.settings["size"]:
        die("the size of an erasure-coded pool cannot be changed")
    _check(call, merged)

    async def work(work: Work) -> None:
        for key in call.given(_SETTINGS):
            work.log(f"pool {name}: applying {key} = {merged[key]}")
        await work.takes(_TAKES_S)
        pool.settings = merged

    return call.fork("cephsetpool", name, work)


@answers("DELETE", _ONE)
def destroy(call: Call) -> str:
    _cluster.working(call)
    name, _ = _cluster.pool(call)
    storages = _cluster.storages_in(call.cluster, name)
    if not call.flag("force"):
        for storage in storages:
            if any(call.cluster.volumes.get(storage, {}).values()):
                die(f"ceph pool '{name}' still in use by storage '{storage}'")
        if fs := [n for n, f in call.cluster.ceph.filesystems.items() if name in (f.data_pool, f.metadata_pool)]:
            die(f"ceph pool '{name}' still in use by CephFS '{fs[0]}'")

    async def work(work: Work) -> None:
        await work.takes(_TAKES_S)
        call.cluster.ceph.pools.pop(name, None)
        for storage in storages if call.flag("remove_storages") else ():
            call.cluster.storages.pop(storage, None)
            call.cluster.volumes.pop(storage, None)

    return call.fork("cephdestroypool", name, work)


def _typed(pool: CephPool, *names: str) -> dict[str, Any]:
    """Settings as the numbers that they are."""
    found: dict[str, Any] = {}
    for name in (n for n in names if n in pool.settings):
        text = pool.settings[name]
        found[name] = float(text) if name == "target_size_ratio" else int(text) if text.isdecimal() else text
    return found


@answers("GET", _PATH)
def listing(call: Call) -> Any:
    ceph, rows = _cluster.working(call), []
    all_used = _cluster.raw_used(call.cluster)
    for name, pool in ceph.pools.items():
        used = int(_cluster.stored(call.cluster, name) * pool.overhead)
        room = ceph.room(pool, all_used) * pool.overhead
        row = {
            "pool": pool.number, "pool_name": name, "type": "erasure" if pool.parts else "replicated",
            "bytes_used": used, "percent_used": used / (used + room) if used else 0,
            "crush_rule": rules(call).index(pool.settings["crush_rule"]),
            "crush_rule_name": pool.settings["crush_rule"], "pg_num_final": int(pool.settings["pg_num"]),
            "application_metadata": {pool.settings["application"]: {}},
            "autoscale_status": _autoscale(name, pool),
            **_typed(pool, "size", "min_size", "pg_num", "pg_num_min", "pg_autoscale_mode", "target_size_ratio"),
        }  # fmt: skip
        if "target_size" in pool.settings:
            row["target_size"] = parse_size(pool.settings["target_size"])
        rows.append(row)
    return rows


def _autoscale(name: str, pool: CephPool) -> dict[str, Any]:
    wanted = int(pool.settings["pg_num"])
    return {"pool_name": name, "pool_id": pool.number, "pg_num_final": wanted, "pg_num_ideal": wanted,
            "would_adjust": False}  # fmt: skip


@answers("GET", _ONE)
def index(call: Call) -> Any:
    _cluster.working(call)
    _cluster.pool(call)
    return [{"name": "status"}]


@answers("GET", _ONE + "/status")
def status(call: Call) -> Any:
    ceph = _cluster.working(call)
    name, pool = _cluster.pool(call)
    shown: dict[str, Any] = {
        "id": pool.number, "name": name, "pgp_num": int(pool.settings["pg_num"]), "fast_read": 0, "hashpspool": 1,
        "nodeep-scrub": 0, "nodelete": 0, "nopgchange": 0, "noscrub": 0, "nosizechange": 0, "use_gmt_hitset": 1,
        "write_fadvise_dontneed": 0,
        **_typed(pool, "size", "min_size", "pg_num", "pg_num_min", "pg_autoscale_mode", "crush_rule",
                 "target_size_ratio"),
    }  # fmt: skip
    if "target_size" in pool.settings:
        shown["target_size"] = pool.settings["target_size"]
    if pool.settings["application"] != "mgr":
        shown["application"] = pool.settings["application"]
    if call.flag("verbose"):
        stored, all_used = _cluster.stored(call.cluster, name), _cluster.raw_used(call.cluster)
        shown["statistics"] = {"stored": stored, "max_avail": ceph.room(pool, all_used), "objects": stored // 4194304}
        shown["application_list"] = [pool.settings["application"]]
        shown["autoscale_status"] = _autoscale(name, pool)
    return shown


@answers("GET", "/nodes/{node}/ceph/rules")
def list_rules(call: Call) -> Any:
    _cluster.working(call)
    return [{"name": name} for name in rules(call)]
