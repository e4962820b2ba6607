"""Guests that move to another node: what keeps one where it is, and how it goes."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from proxmox_mpc.actions._guests.choice import Guest
from proxmox_mpc.actions._guests.power import CannotBe
from proxmox_mpc.actions._guests.turns import Turn
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import _guest_requests
from proxmox_mpc.kinds._guest import is_template
from proxmox_mpc.kinds._guest_ha import is_held
from proxmox_mpc.kinds._guest_place import storages_of
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View

# A volume that lies on its base's, as directories, ZFS and btrfs name it; LVM-thin names none, and copies it (9.1).
_LINKED = re.compile(r":(?:[^,]*/)?base-(\d+)-[^/,]*/")


async def refuse_tied(view: View, guest: Guest) -> None:
    """Raises CannotBe for a guest that can go to no other node as it is."""
    live, driver = guest.live, guest.driver
    shared = {name for name, row in (await view.storages()).items() if row.get("shared")}
    volumes = {key: str(text) for key, text in live.raw.items() if isinstance(text, str) and ":" in text}
    local = {key: text for key, text in volumes.items() if text.partition(":")[0] not in shared}
    if linked := next(filter(None, map(_LINKED.search, local.values())), None):
        hint = f"a full clone of it can go anywhere: proxmox-cli clone {guest.word} NAME"
        raise CannotBe(f"is a linked clone of {linked[1]}, and stays beside it", hint=hint)
    if is_template(live) and not storages_of(live.fields) <= shared and (held := await guest.kind.held_by(view, live)):
        raise CannotBe(f"stays: {held[0]}{' and others share' if len(held) > 1 else ' shares'} its disk")
    if driver.api.type != "qemu":
        return
    answer = await view.pve.get(driver.api.path("/migrate"), live.identity)
    if tied := answer.get("local_resources"):
        hint = "name it by a mapping that other nodes have, too (PCIMapping, USBMapping), or take it off"
        raise CannotBe(f"is tied to its node by {', '.join(map(str, tied))}", hint=hint)
    disks = answer.get("local_disks") or []
    if image := next((str(d["volid"]) for d in disks if d.get("cdrom") and not d.get("is_cloudinit")), ""):
        hint = "take it out, or put it on a storage that all nodes share"
        raise CannotBe(f"has {image} in its drive, which other nodes lack", hint=hint)
    if answer.get("running") and disks and is_held(live) and not await replicas(view, guest):
        hint = "put them on a shared storage, or take it out of high availability"
        raise CannotBe("has local disks, with which the HA manager does not move it as it runs", hint=hint)
    if answer.get("running") and disks and live.raw.get("parent"):
        hint = f"delete them, or stop it first: proxmox-cli shutdown {guest.word}"
        raise CannotBe("has snapshots on local disks, and does not move as it runs", hint=hint)


async def replicas(view: View, guest: Guest) -> frozenset[str]:
    """The nodes to which its local disks are replicated."""
    jobs = await view.once("replication jobs", partial(view.pve.get, "/cluster/replication"))
    return frozenset(str(job["target"]) for job in jobs if int(job["guest"]) == guest.vmid)


async def move(view: View, guest: Guest, target: str, storage: str = "") -> Turn:
    """The turn of a guest that goes to a node, its local disks to `storage` there, or to those of the same names."""
    live, driver = guest.live, guest.driver
    if live.identity["node"] == target:
        return Turn(guest, already=f"is on {target} already")
    there = {str(row["storage"]) for row in await view.rows("storage") if row["node"] == target}
    if missing := sorted({storage} - there if storage else storages_of(live.fields) - there):
        hint = f"--storage NAME takes its disks to another: {', '.join(sorted(there))}"
        raise CannotBe(f"cannot go to {target}, which has no storage {', '.join(missing)}", hint=hint)
    await refuse_tied(view, guest)

    async def do(run: StepRun, live: Live) -> dict[str, Any]:
        key = "targetstorage" if driver.api.type == "qemu" else "target-storage"
        try:
            live = await _guest_requests.migrate(driver, run, live, target, {key: storage} if storage else {})
        except NotFoundError:
            # The HA manager takes along what belongs together: it went with another one.
            live = await driver.reread(run.view, live)
            if live.identity["node"] != target:
                raise
        return {"node": live.identity["node"]}

    by_restart = goes_by_restart(guest)
    running = live.fields.get("state") == "running"
    how = ", by a restart" if by_restart else ", as it runs" if running else ""
    return Turn(guest, f"moves to {target}{how}", do, "it is down meanwhile" if by_restart else "")


def goes_by_restart(guest: Guest) -> bool:
    """Whether it is down while it moves."""
    return guest.live.fields.get("state") == "running" and not guest.driver.api.moves_running
