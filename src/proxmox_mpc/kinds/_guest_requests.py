"""What is asked of guests as they are: to be cloned, moved, grown, tagged, made templates. One request each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds import _guest_ha
from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._guest_rows import Row
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, Live
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

VMID_TRIES = 20
"""How many VMIDs in a row may turn out to be taken by somebody else before giving up."""
FARTHEST_AHEAD = 64
"""Others take the next free VMID, too: after each collision one farther ahead is tried, up to so many."""


async def with_vmid(
    guest: GuestDriver,
    run: Run,
    wanted: int | None,
    make: Callable[[int], Awaitable[str]],
    lanes: Sequence[str] = (),
) -> Live:
    """Make a guest; a VMID that was taken meanwhile is replaced by a free one, unless it was `wanted`.

    `make` answers the node where it was made. The VMID is chosen when the `lanes` that it works in are held: one that
    waits for its turn is taken by somebody else.
    """
    from proxmox_mpc.pve import AlreadyExists, TaskFailed

    for tries in range(VMID_TRIES):
        try:
            async with run.lane(*lanes):
                vmid = await run.reserve_vmid(wanted, ahead=min(FARTHEST_AHEAD, 2**tries - 1))
                node = await make(vmid)
            return await reread(guest, run, node, vmid)
        except (AlreadyExists, TaskFailed) as error:
            # Who was faster may be noticed at the request, or by the task once it holds the lock.
            taken = isinstance(error.cause if isinstance(error, TaskFailed) else error, AlreadyExists)
            if wanted is not None or not taken:
                raise
    raise RefusedError(f"{VMID_TRIES} VMIDs in a row were taken by others", hint="name a free VMID")


async def origin_of(guest: GuestDriver, run: Run, source: Row) -> Fields:
    """What a guest that shall be cloned has."""
    where = {"node": source["node"], "vmid": source["vmid"]}
    return await guest.decode(run.view, await run.view.pve.get(guest.api.path("/config"), where))


async def clone(
    guest: GuestDriver,
    run: Run,
    source: Row,
    origin: Fields,
    vmid: int,
    *,
    name: str,
    namespace: str,
    node: str,
    full: bool,
    storage: Value | None,
    description: str,
) -> str:
    """Clone a guest, in its `clone_lanes`; on `node` where its volumes can be made there, else beside its source.

    Answers the node where it was made. `origin` is what the source has, `storage` where the disks of a full clone go:
    a linked one's stay with their base.
    """
    source_node = str(source["node"])
    params: dict[str, Any] = {
        "node": source_node,
        "vmid": source["vmid"],
        "newid": vmid,
        guest.api.name_key: name,
        "full": full,
        **({"description": description} if description else {}),
        **pool(namespace),
    }
    home = guest.api.disk_lists[0]
    if full and storage is not None and storage != origin.get(f"{home}.{guest.api.boot_slot(origin)}.storage"):
        params["storage"] = storage
    used = {str(v) for path, v in origin.items() if path.endswith(".storage")}
    shared = {name for name, row in (await run.view.storages()).items() if row.get("shared")}
    if node != source_node and (used <= shared or (full and params.get("storage") in shared)):
        params["target"] = node
    made_on = str(params.get("target", source_node))
    title = f"clone {source['vmid']} to {vmid}"
    await run.call("POST", guest.api.path("/clone"), params, title=title, makes={"vmid": vmid, "node": made_on})
    return made_on


async def clone_lanes(view: View, source: Row, origin: Mapping[str, Value]) -> list[str]:
    """Where a clone works: PVE locks its source, whose node reads all of it."""
    return [f"node:{source['node']}", f"clone:{source['vmid']}", *await storage_lanes(view, origin)]


async def migrate(
    guest: GuestDriver, run: Run, live: Live, target: str, options: Mapping[str, Any] | None = None
) -> Live:
    """Move a guest to another node: VMs as they run, containers by a restart; local disks go with it."""
    params: dict[str, Any] = {**live.identity, **(options or {}), "target": target}
    running = live.fields.get("state") == "running"
    if running:
        params["online" if guest.api.type == "qemu" else "restart"] = True
    if guest.api.type == "qemu" and running:
        params["with-local-disks"] = True
    async with run.lane(f"node:{live.identity['node']}", f"node:{target}"):
        title = f"migrate {live.identity['vmid']} to {target}"
        upid = await run.call("POST", guest.api.path("/migrate"), params, title=title)
    wish = f"migrate it to {target}"
    moved = await _guest_ha.settled(guest, run, live, upid, wish, lambda now: now.identity["node"] == target)
    moved = replace(moved, identity={**live.identity, "node": target})
    return await guest.reread(run.view, moved)


async def grow(guest: GuestDriver, run: Run, live: Live, slot: str, size: str) -> None:
    """Grow a volume to a size, or by one that is written `+10G`."""
    params = {**live.identity, "disk": slot, "size": size}
    title = f"grow {slot} {'by' if size.startswith('+') else 'to'} {size.removeprefix('+')}"
    await run.call("PUT", guest.api.path("/resize"), params, title=title)


async def convert(guest: GuestDriver, run: Run, live: Live) -> Live:
    """Make a template of a guest."""
    async with run.lane(f"node:{live.identity['node']}"):
        title = f"convert {live.identity['vmid']} to a template"
        await run.call("POST", guest.api.path("/template"), live.identity, title=title)
    return await guest.reread(run.view, live)


async def tag(guest: GuestDriver, run: Run, live: Live, tags: Sequence[str]) -> None:
    """Give a guest these tags, in the place of those that it has."""
    params: dict[str, Any] = {"tags": ";".join(tags)} if tags else {"delete": "tags"}
    params |= {**live.identity, "digest": live.digest}
    await run.call("PUT", guest.api.path("/config"), params, title=f"tag {live.identity['vmid']}")


async def reread(guest: GuestDriver, run: Run, node: str, vmid: int) -> Live:
    """A guest that was just made."""
    stub = Live(key=run.mark(vmid).key, identity={"node": node, "vmid": vmid}, fields={}, facts={})
    return await guest.reread(run.view, stub)


def pool(namespace: str) -> dict[str, str]:
    """The parameter that puts a new guest into its namespace."""
    return {} if namespace == DEFAULT_NAMESPACE else {"pool": namespace}


async def storage_lanes(view: View, fields: Mapping[str, Value]) -> list[str]:
    """Lanes of the storages that a guest's volumes are on and other nodes use, too: a node's own are as wide as it."""
    used = {str(value) for path, value in fields.items() if path.endswith(".storage")}
    return sorted(
        f"storage:{name}" for name, row in (await view.storages()).items() if name in used and row.get("shared")
    )
