"""/nodes/{node}/ceph/fs: file systems on pools of their own."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.ceph import _cluster, daemons, pools
from proxmox_mpc.simulator.state.ceph import FileSystem

_PATH = "/nodes/{node}/ceph/fs"
_TAKES_S = 5.0


@answers("GET", _PATH)
def listing(call: Call) -> Any:
    ceph = _cluster.working(call)
    return [
        {"name": n, "data_pool": f.data_pool, "metadata_pool": f.metadata_pool} for n, f in ceph.filesystems.items()
    ]


@answers("POST", _PATH + "/{name}")
def create(call: Call) -> str:
    ceph, name = _cluster.working(call), call.text("name")
    if next(daemons.active(call, ceph.metadata_servers), None) is None:
        die("no running Metadata Server (MDS) found!")
    made = FileSystem(f"{name}_metadata", f"{name}_data")

    def check() -> None:
        if name in ceph.filesystems:
            die(f"ceph fs '{name}' already exists")
        for pool in (made.data_pool, made.metadata_pool):
            if pool in ceph.pools:
                die(f"ceph pools '{made.data_pool}' and/or '{made.metadata_pool}' already exist")
        if call.flag("add-storage") and name in call.cluster.storages:
            die(f"storage ID '{name}' already defined")

    check()

    async def work(work: Work) -> None:
        check()
        await work.takes(_TAKES_S)
        groups = call.number("pg_num", 128)
        for pool, count in ((made.data_pool, groups), (made.metadata_pool, max(groups // 4, 8))):
            work.log(f"creating pool '{pool}'")
            ceph.add_pool(pool, {**pools.defaults(call), "pg_num": str(count), "application": "cephfs"})
        ceph.filesystems[name] = made
        if call.flag("add-storage"):
            call.cluster.storages[name] = {"type": "cephfs", "content": "vztmpl,iso,backup", "fs-name": name}

    return call.fork("cephfscreate", name, work)
