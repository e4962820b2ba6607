"""/pools: named groups of guests and storages."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator import _permissions
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.cluster.resources import guest_row, storage_row
from proxmox_mpc.simulator.state.cluster import Pool

_ONE = "/pools/{poolid}"


def _known(call: Call, prefix: str = "") -> Pool:
    name = call.text("poolid")
    if name not in call.cluster.pools:
        die(f"{prefix}pool '{name}' does not exist")
    return call.cluster.pools[name]


def _row(name: str, pool: Pool) -> dict[str, Any]:
    row: dict[str, Any] = {"poolid": name}
    return {**row, "comment": pool.comment} if pool.comment else row


def _members(call: Call, pool: Pool) -> list[dict[str, Any]]:
    cluster, wanted = call.cluster, call.text("type")
    rows = []
    for vmid in pool.guests:
        if (guest := cluster.guests.get(vmid)) and wanted in ("", guest.kind):
            rows.append({k: v for k, v in guest_row(cluster, guest).items() if k not in ("pool", "tags", "hastate")})
    for name in pool.storages:
        for node in cluster.nodes.values():
            if name in cluster.storages and cluster.is_on(name, node.name) and wanted in ("", "storage"):
                rows.append(storage_row(cluster, name, node))
    return rows


@answers("GET", "/pools")
def listing(call: Call) -> Any:
    if "poolid" in call.params:
        # Unlike by path, by query anyone may read a pool (pools-limited, 9.1).
        pool = _known(call)
        return [{**_row(call.text("poolid"), pool), "members": _members(call, pool)}]
    return [_row(n, p) for n, p in call.cluster.pools.items() if call.may(f"/pool/{n}", "Pool.Audit", "Pool.Allocate")]


@answers("GET", _ONE)
def read(call: Call) -> Any:
    pool = _known(call)
    return {**_row(call.text("poolid"), pool), "members": _members(call, pool)}


@answers("POST", "/pools")
def create(call: Call) -> None:
    name = call.text("poolid")
    if name in call.cluster.pools:
        die(f"create pool failed: pool '{name}' already exists")
    parent = name.rpartition("/")[0]
    if parent and parent not in call.cluster.pools:
        die(f"create pool failed: parent '{parent}' of pool '{name}' does not exist")
    call.cluster.pools[name] = Pool(call.text("comment"))


@answers("PUT", "/pools", _ONE)
def update(call: Call) -> None:
    pool = _known(call, "update pools failed: ")
    pool.comment = call.text("comment", pool.comment)
    for vmid in map(int, call.items("vms")):
        _need_modify(call, f"/vms/{vmid}")
        _change_guest(call, pool, vmid)
    for name in call.items("storage"):
        _need_modify(call, f"/storage/{name}")
        _change_storage(call, pool, name)


def _need_modify(call: Call, path: str) -> None:
    """The 403 arises under the lock of user.cfg, so it shows as a 500 with its number in the text."""
    try:
        _permissions.check_modify(call.cluster, call.user, path)
    except ApiError as error:
        die(f"update pools failed: 403 {error.message.rstrip()}")


def _change_guest(call: Call, pool: Pool, vmid: int) -> None:
    if call.flag("delete"):
        if vmid not in pool.guests:
            die(f"update pools failed: VM {vmid} is not a pool member")
        pool.guests.remove(vmid)
        return
    if vmid in pool.guests:
        die(f"update pools failed: VM {vmid} is already a pool member")
    before = call.cluster.pool_of(vmid)
    if before is not None:
        if not call.flag("allow-move"):
            die(f"update pools failed: VM {vmid} belongs already to pool '{before}' and 'allow-move' is not set")
        call.cluster.pools[before].guests.remove(vmid)
    pool.guests.append(vmid)


def _change_storage(call: Call, pool: Pool, name: str) -> None:
    if call.flag("delete"):
        if name not in pool.storages:
            die(f"update pools failed: Storage '{name}' is not a pool member")
        pool.storages.remove(name)
    elif name in pool.storages:
        die(f"update pools failed: Storage '{name}' is already a pool member")
    else:
        pool.storages.append(name)


@answers("DELETE", "/pools", _ONE)
def delete(call: Call) -> None:
    if "poolid" not in call.params:
        refuse(poolid="property is missing and it is not optional")
    name = call.text("poolid")
    pool = _known(call, "delete pool failed: ")
    if children := [n for n in call.cluster.pools if n.startswith(f"{name}/")]:
        die(f"delete pool failed: pool '{name}' is not empty (contains pool '{children[0]}')")
    # Members that do not exist do not count (pools-crud, 9.1).
    if guests := [v for v in pool.guests if v in call.cluster.guests]:
        die(f"delete pool failed: pool '{name}' is not empty (contains VM {guests[0]})")
    if storages := [s for s in pool.storages if s in call.cluster.storages]:
        die(f"delete pool failed: pool '{name}' is not empty (contains storage '{storages[0]}')")
    del call.cluster.pools[name]
