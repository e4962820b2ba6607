"""How QEMU guests stand in the API: what VMs and templates of VMs have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._guest import GuestApi
from proxmox_mpc.kinds._kind import Live, Resource
from proxmox_mpc.kinds._qemu import cloud_init, impacts
from proxmox_mpc.kinds._qemu.rules import mistakes
from proxmox_mpc.kinds._schema import Schema
from proxmox_mpc.kinds._view import View
from proxmox_mpc.kinds._volumes import check_volumes

CONFIG = ("PUT", "/nodes/{node}/qemu/{vmid}/config")
# What a config holds that nobody declares: digests, what PVE generates once, and states of a moment.
IGNORED = frozenset(
    "digest meta parent snaptime vmstate runningmachine runningcpu running-nets-host-mtu lock name "
    "template snapstate".split()
) | frozenset(f"unused{number}" for number in range(256))

# PUT /nodes/{node}/qemu/{vmid}/config: "only root can set 'args' config" and the like (8.4, 9.1).
ROOT_ONLY = frozenset(
    "options.lock hookscript args hugepages keepHugepages sharedMemory parallel hostpci.*.device".split()
)


def boot_slot(fields: Fields) -> str | None:
    """The disk a VM boots from: the first disk in its boot order, else the first on its buses."""
    present = {path.split(".")[1] for path in fields if path.startswith("disks.")}
    order = fields.get("bootOrder", [])
    assert isinstance(order, list)
    ranked = [slot for slot in order if slot in present]
    return next(iter(ranked + [f"{bus}0" for bus in cloud_init.BUSES if f"{bus}0" in present]), None)


def create_params(resource: Resource) -> dict[str, Any]:
    """A VM made from nothing boots from its first disk unless the manifest orders otherwise."""
    slot = boot_slot(resource.fields)
    return {} if "bootOrder" in resource.fields or slot is None else {"boot": f"order={slot}"}


def api(
    kind: str,
    schema: Callable[[], Schema],
    *,
    templates: bool,
    coming: Callable[[Resource], frozenset[str]] = lambda resource: frozenset(),
) -> GuestApi:
    """A kind of QEMU guests; `coming` are volumes of a resource that are not there before it is made."""

    async def check(view: View, resource: Resource, live: Live | None) -> None:
        own = coming(resource)
        fields = {path: value for path, value in resource.fields.items() if str(value) not in own}
        await check_volumes(view, replace(resource, fields=fields), live, schema())

    return GuestApi(
        kind=kind,
        type="qemu",
        name_key="name",
        disk_lists=("disks",),
        lift=cloud_init.lift_drive,
        lower=cloud_init.lower_drive,
        create_params=create_params,
        check=check,
        boot_slot=boot_slot,
        mistakes=mistakes,
        write_verb="POST",
        # A new CD-ROM drive is put at the end of the boot order (PUT /nodes/{node}/qemu/{vmid}/config, 9.1).
        resent={"bootOrder": "boot"},
        undeletable={},
        move_verb="/move_disk",
        move_key="disk",
        raw_lines=False,
        moves_running=True,
        verdict=impacts.impact,
        follows=impacts.follows,
        templates=templates,
    )
