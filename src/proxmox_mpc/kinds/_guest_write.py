"""How guests are created, changed and deleted: the order of requests, each journalled by the `Run`.

A change is always made from a fresh read: the config before and after it are both encoded, and only the parameters
that differ are sent, with the digest of what was read. So parts of a property string that nobody declared survive.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import MpcError, NotFoundError, RefusedError
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest_parameters import parameters, tag_text
from proxmox_mpc.kinds._guest_power import SHUTDOWN_TIMEOUT_S, answers_again, power
from proxmox_mpc.kinds._guest_promise import broken
from proxmox_mpc.kinds._guest_requests import (
    clone,
    clone_lanes,
    grow,
    migrate,
    origin_of,
    pool,
    storage_lanes,
    with_vmid,
)
from proxmox_mpc.kinds._guest_rows import Row, fresh_rows, is_meant
from proxmox_mpc.kinds._guest_volumes import moved, resized
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, HALF_MADE, LOCK, Change, Live, Resource
from proxmox_mpc.kinds._mark import INDEX_TAG, split_block
from proxmox_mpc.kinds._run import Run

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver


class NotKept(MpcError):
    """The cluster accepted a change and did not keep it."""

    code = "apply.not-kept"
    default_hint = "look at the guest's pending changes and the task log, then plan again"


class HalfMade(RefusedError):
    """Its creation was cut off, and left it locked: PVE lets only root unlock it."""

    code = "apply.half-made"


class MovedOn(RefusedError):
    """Somebody else has changed it since the plan was made; it was left as it is."""

    code = "apply.moved-on"
    default_hint = "plan again, and look at what they changed"


async def create(guest: GuestDriver, run: Run, resource: Resource) -> Live:
    """Make the guest, by clone or from nothing; a VMID that was taken meanwhile is replaced by the next free one."""
    wanted: int | None = resource.spec.vmid  # type: ignore[attr-defined]
    begin = _clone if "template" in resource.fields else _create_new
    live = await with_vmid(guest, run, wanted, *(await begin(guest, run, resource)))
    # A clone with local disks is made where its template is, and moves from there.
    if live.identity["node"] != resource.choices["node"]:
        live = await migrate(guest, run, live, str(resource.choices["node"]))
    return await _finish(guest, run, live, resource)


async def _create_new(
    guest: GuestDriver, run: Run, resource: Resource
) -> tuple[Callable[[int], Awaitable[str]], list[str]]:
    """What makes it from nothing, once it has a VMID, and in which lanes."""
    node = str(resource.choices["node"])

    async def make(vmid: int) -> str:
        params: dict[str, Any] = guest.encode(resource.fields, resource.secrets, run.mark(vmid))
        params |= {"node": node, "vmid": vmid, **pool(resource.key.namespace), **guest.api.create_params(resource)}
        path, makes = f"/nodes/{{node}}/{guest.api.type}", {"vmid": vmid, "node": node}
        await run.call("POST", path, params, title=f"create {vmid} on {node}", makes=makes)
        return node

    return make, [f"node:{node}", *await storage_lanes(run.view, resource.fields)]


async def _clone(guest: GuestDriver, run: Run, resource: Resource) -> tuple[Callable[[int], Awaitable[str]], list[str]]:
    """The same for a clone."""
    source = await _source(guest, run, resource)
    origin = await origin_of(guest, run, source)

    async def make(vmid: int) -> str:
        return await clone(
            guest,
            run,
            source,
            origin,
            vmid,
            name=resource.key.name,
            namespace=resource.key.namespace,
            node=str(resource.choices["node"]),
            full=resource.spec.clone != "linked",  # type: ignore[attr-defined]
            storage=resource.fields.get(f"{guest.api.disk_lists[0]}.{guest.api.boot_slot(origin)}.storage"),
            description=run.mark(vmid).block(),
        )

    return make, await clone_lanes(run.view, source, origin)


async def _source(guest: GuestDriver, run: Run, resource: Resource) -> Row:
    """The template to clone: the planned one, or what bears its name by now, if that was made by this very plan."""
    wanted = resource.choices["source"]
    row = next((row for row in await run.view.rows(guest.api.type) if row["vmid"] == wanted), None)
    if row is not None and row.get("template"):
        try:
            await run.view.pve.get(guest.api.path("/status/current"), {"node": row["node"], "vmid": row["vmid"]})
        except NotFoundError:
            row = None
    if row is None:
        word = str(resource.fields["template"])
        rows = (row for row in await fresh_rows(run.view) if row["type"] == guest.api.type and is_meant(row, word))
        row = next((row for row in rows if row.get("template")), None)
    if row is None:
        raise RefusedError(f"{resource.key}: the template {resource.fields['template']!r} is not there any more")
    return row


async def _finish(guest: GuestDriver, run: Run, live: Live, resource: Resource) -> Live:
    """Bring a guest that was just made to what its manifest says."""
    desired = {path: value for path, value in resource.fields.items() if path != "metadata.namespace"}
    changes = [
        Change(path, live.fields.get(path), desired[path]) for path in guest.schema.differences(live.fields, desired)
    ]
    if "template" in resource.fields:
        # Secrets cannot be seen on the template; those that only creation takes are the template's.
        settable = (p for p in resource.secrets if (leaf := guest.schema.leaf(p)) is not None and not leaf.wire.hint)
        changes += [Change(path, None, desired[path]) for path in settable]
    return await update(guest, run, live, resource, changes) if changes else live


async def update(guest: GuestDriver, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
    """Carry out the changes, in the one order that works, and confirm them by reading back."""
    restarts = any(change.restarts for change in changes)
    changes = [change for change in changes if not change.written]
    open_changes = {change.path: change for change in changes}
    planned, live = live, await guest.reread(run.view, live)
    waited = _waiting(guest, live)
    _refuse_half_made(guest, live)
    _refuse_if_moved_on(guest, planned, live, resource, changes)
    if (move := open_changes.pop("node", None)) is not None:
        live = await migrate(guest, run, live, str(move.new))
    wished = open_changes.pop("state", None)
    if _moves_while_stopped(guest, live, changes):
        live = await _move_stopped(guest, run, live, open_changes, wished)
    elif wished is not None and wished.new == "stopped":
        live = await power(guest, run, live, "shutdown", {"timeout": SHUTDOWN_TIMEOUT_S})
    if (pool := open_changes.pop("metadata.namespace", None)) is not None:
        await _move_pool(run, live, pool)
    if (guard := open_changes.get("protection")) is not None and not guard.new:
        # Protection guards disks even in the request that takes it off, so it goes first.
        live = await guest.reread(run.view, live)
        await _configure(guest, run, live, resource, [open_changes.pop("protection")])
    for path, change in list(open_changes.items()):
        if await _disk_change(guest, run, live, path, change):
            del open_changes[path]
    live = await guest.reread(run.view, live)
    guard = open_changes.pop("protection", None)
    await _configure(guest, run, live, resource, list(open_changes.values()))
    restarts = restarts and wished is None
    starts = wished is not None and wished.new == "running"
    if starts:
        live = await power(guest, run, live, "start", {})
    elif restarts:
        live = await power(guest, run, live, "reboot", {"timeout": SHUTDOWN_TIMEOUT_S})
    if starts or restarts:
        await answers_again(guest, run, live, resource)
    if any(change.detaches and change.impact is Impact.DATA_LOSS for change in changes):
        await _destroy_detached(guest, run, planned, live, changes)
    if guard is not None:
        # Last of all: once it is on, nothing can be taken off the guest.
        live = await guest.reread(run.view, live)
        await _configure(guest, run, live, resource, [guard])
    live = await guest.reread(run.view, live)
    _confirm(guest, live, changes, resource)
    if wished is None and not restarts and live.fields.get("state") == "running":
        for text in broken(changes, waited, _waiting(guest, live)):
            run.remark(text)
    return live


def _waiting(guest: GuestDriver, live: Live) -> set[str]:
    """What waits for the guest's next start, by the API's names."""
    return {key for change in guest.waiting(live) for key in change.waits}


def _moves_while_stopped(guest: GuestDriver, live: Live, changes: Sequence[Change]) -> bool:
    """Whether a volume is moved that cannot be while its guest runs: POST …/lxc/{vmid}/move_volume (8.4, 9.1)."""
    running = live.fields.get("state") == "running"
    return running and not guest.api.moves_running and any(moved(guest.api, change) for change in changes)


async def _move_stopped(
    guest: GuestDriver, run: Run, live: Live, open_changes: dict[str, Change], wished: Change | None
) -> Live:
    """Move volumes that cannot be while their container runs: it is down for that, and up again whatever happens."""
    with run.seen_through():
        live = await power(guest, run, live, "shutdown", {"timeout": SHUTDOWN_TIMEOUT_S})
        try:
            for path in [path for path, change in open_changes.items() if moved(guest.api, change)]:
                await _disk_change(guest, run, live, path, open_changes.pop(path))
        finally:
            if wished is None or wished.new == "running":
                live = await power(guest, run, await guest.reread(run.view, live), "start", {})
    return live


def _refuse_half_made(guest: GuestDriver, live: Live) -> None:
    """Whoever made it is gone, for the tasks of earlier runs were waited for: so nobody will unlock it."""
    lock, vmid = live.facts.get(LOCK), live.identity["vmid"]
    if lock in HALF_MADE:
        tool = "qm" if guest.api.type == "qemu" else "pct"
        command = f"{tool} unlock {vmid} && {tool} destroy {vmid} --destroy-unreferenced-disks 1"
        hint = f"if no task works on it, on {live.identity['node']} as root: {command}"
        raise HalfMade(f"VMID {vmid} was left half made and locked ({lock}); it is not touched", hint=hint)


def _refuse_if_moved_on(
    guest: GuestDriver, planned: Live, live: Live, resource: Resource, changes: Sequence[Change]
) -> None:
    """What somebody else has set since the plan was made is not overwritten: their value was in nobody's plan."""
    for change in changes:
        was, is_ = (one.fields.get(f"{change.path}.volume") for one in (planned, live))
        if change.detaches and was != is_:
            raise MovedOn(f"{resource.key}: {change.path} was {was} when the plan was made and is {is_} now")
        if guest.schema.leaf(change.path) is None or change.path in (*resource.secrets, "node", "state"):
            continue
        now = live.fields.get(change.path)
        if not guest.schema.same(change.path, now, change.old) and not guest.schema.same(change.path, now, change.new):
            shown = guest.schema.show(change.path, change.old), guest.schema.show(change.path, now)
            raise MovedOn(f"{resource.key}: {change.path} was {shown[0]} when the plan was made and is {shown[1]} now")


async def _move_pool(run: Run, live: Live, change: Change) -> None:
    vmid = live.identity["vmid"]
    if change.new == DEFAULT_NAMESPACE:
        params: dict[str, Any] = {"poolid": change.old, "vms": [vmid], "delete": True}
    else:
        params = {"poolid": change.new, "vms": [vmid], "allow-move": True}
    await run.call("PUT", "/pools", params, title=f"put {vmid} into pool {change.new}")


async def _disk_change(guest: GuestDriver, run: Run, live: Live, path: str, change: Change) -> bool:
    """Move or grow a volume that exists; other changes of a disk are config like any other."""
    grown = resized(guest.api, change)
    if (slot := grown or moved(guest.api, change)) is None:
        return False
    where = dict(live.identity)
    if grown:
        await grow(guest, run, live, slot, str(guest.schema.show(path, change.new)))
    else:
        params = {**where, guest.api.move_key: slot, "storage": change.new, "delete": True}
        async with run.lane(f"storage:{change.old}", f"storage:{change.new}"):
            await run.call("POST", guest.api.path(guest.api.move_verb), params, title=f"move {slot} to {change.new}")
    return True


async def _configure(guest: GuestDriver, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> None:
    """Write what differs in the config, and the mark where it is missing, in one request."""
    params, gone = parameters(guest, live, resource, changes, run.mark(int(live.identity["vmid"])))
    if not params and not gone:
        return
    if gone:
        params["delete"] = gone
    if live.digest:
        params["digest"] = live.digest
    title = f"configure {live.identity['vmid']}"
    await run.call(guest.api.write_verb, guest.api.path("/config"), {**live.identity, **params}, title=title)


async def _destroy_detached(guest: GuestDriver, run: Run, planned: Live, live: Live, changes: Sequence[Change]) -> None:
    """With data loss allowed, the volumes of removed disks go too; otherwise they stay as `unusedN`."""
    doomed = [change for change in changes if change.detaches and change.impact is Impact.DATA_LOSS]
    volumes = {planned.fields.get(f"{change.path}.volume") for change in doomed} - {None}
    config = await run.view.pve.get(guest.api.path("/config"), live.identity)
    unused = [key for key, raw in config.items() if key.startswith("unused") and str(raw).split(",")[0] in volumes]
    if unused:
        params = {**live.identity, "delete": unused}
        await run.call("PUT", guest.api.path("/config"), params, title=f"destroy {', '.join(unused)}")


def _confirm(guest: GuestDriver, live: Live, changes: Iterable[Change], resource: Resource) -> None:
    for change in changes:
        if change.path in resource.secrets or change.path in ("node", "metadata.namespace"):
            continue
        now = live.fields.get(change.path)
        if change.new is None:
            if any(p.startswith(change.path + ".") for p in live.fields):
                raise NotKept(f"{resource.key}: {change.path} is still there after it was removed")
        elif not guest.schema.same(change.path, now, change.new):
            shown = guest.schema.show(change.path, change.new), guest.schema.show(change.path, now)
            raise NotKept(f"{resource.key}: {change.path} was set to {shown[0]!r} and reads {shown[1]!r}")


async def delete(guest: GuestDriver, run: Run, live: Live) -> None:
    """Stop the guest if it runs, and destroy it with its disks."""
    vmid = live.identity["vmid"]
    now = await guest.reread(run.view, live)
    if (now.key, now.mark) != (live.key, live.mark):
        raise MovedOn(f"VMID {vmid} was {live.key} when the plan was made and is {now.key} now; nothing was deleted")
    live = now
    _refuse_half_made(guest, live)
    if live.fields.get("protection"):
        raise RefusedError(
            f"{live.key} is protected (VMID {vmid}); nothing was deleted",
            hint="set spec.protection: false, apply, then delete it",
        )
    if live.facts.get("status") == "running":
        live = await power(guest, run, live, "stop", {})
    async with run.lane(f"node:{live.identity['node']}", *await storage_lanes(run.view, live.fields)):
        params = {**live.identity, "purge": True}
        await run.call("DELETE", guest.api.path(), params, title=f"destroy {vmid}")


async def release(guest: GuestDriver, run: Run, live: Live) -> None:
    """Take the mark away, and leave everything else of the guest as it is."""
    live = await guest.reread(run.view, live)
    own, mark = split_block(str(live.raw.get("description", "")))
    if mark is None:
        return
    tags = [tag for tag in tag_text(live.raw.get("tags", "")).split(";") if tag not in ("", INDEX_TAG)]
    params: dict[str, Any] = {key: text for key, text in {"description": own, "tags": ";".join(tags)}.items() if text}
    gone = [key for key in ("description", "tags") if key not in params]
    params |= {**live.identity, **({"delete": gone} if gone else {}), "digest": live.digest}
    await run.call("PUT", guest.api.path("/config"), params, title=f"give up {live.identity['vmid']}")
