"""VirtualMachine: a QEMU guest."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest import GuestApi, GuestDriver, answers_to, needs_of, provides
from proxmox_mpc.kinds._guest_columns import GUEST_COLUMNS
from proxmox_mpc.kinds._guest_ha import held_by
from proxmox_mpc.kinds._kind import Kind, Live, Resource, View
from proxmox_mpc.kinds._volumes import check_volumes
from proxmox_mpc.kinds.virtual_machine import cloud_init
from proxmox_mpc.kinds.virtual_machine.rules import mistakes
from proxmox_mpc.kinds.virtual_machine.spec import VirtualMachineSpec

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


async def check(view: View, resource: Resource, live: Live | None) -> None:
    """Images and ISOs that the spec names must exist."""
    await check_volumes(view, resource, live, KIND.schema)


def create_params(resource: Resource) -> dict[str, Any]:
    """A VM made from nothing boots from its first disk unless the manifest orders otherwise."""
    slot = boot_slot(resource.fields)
    return {} if "bootOrder" in resource.fields or slot is None else {"boot": f"order={slot}"}


_API = GuestApi(
    kind="VirtualMachine",
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
)

KIND: Kind = Kind(
    name="VirtualMachine",
    plural="virtualmachines",
    short=("vm", "vms"),
    model=VirtualMachineSpec,
    driver=GuestDriver(_API, lambda: KIND.schema),
    columns=GUEST_COLUMNS,
    namespaced=True,
    ignored=IGNORED,
    made_by_server=frozenset({"bootdisk"}),
    deletion=Impact.DATA_LOSS,
    needs=needs_of("VirtualMachine", lambda: KIND.schema),
    provides=provides,
    answers_to=answers_to,
    held_by=held_by,
    mistakes=mistakes,
    options_of=("PUT", "/nodes/{node}/qemu/{vmid}/config"),
    root_only=ROOT_ONLY,
    identified_by=("vmid",),
    order=50,
    marked=True,
    example="""\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web-server, namespace: production }
spec:
  node: pve-node1
  cpu: { cores: 4, sockets: 1 }
  memory: 8192
  disks: [{ storage: local-lvm, size: 50G }]
  template: debian-12-template
""",
)
