"""VirtualMachine: a QEMU guest."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _blast
from proxmox_mpc.kinds._field import Impact, Part, field
from proxmox_mpc.kinds._guest import GuestDriver, answers_to, guard, needs_of, provides
from proxmox_mpc.kinds._guest_columns import GUEST_COLUMNS
from proxmox_mpc.kinds._guest_ha import held_by
from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._qemu import impacts
from proxmox_mpc.kinds._qemu.guest import CONFIG, IGNORED, ROOT_ONLY, api
from proxmox_mpc.kinds._qemu.hardware import Hardware, Placed
from proxmox_mpc.kinds._qemu.rules import mistakes


class Origin(Part):
    """Where a VM comes from, and whether it runs."""

    template: str | int | None = field(create_only=True, help="Name or VMID of the template to clone.")
    clone: Literal["full", "linked"] | None = field(hint=True, help="Kind of clone; full unless linked is asked for.")
    state: Literal["running", "stopped"] | None = field(
        impact=Impact.STOP_START, help="Power state to hold; without it power is left alone."
    )


class VirtualMachineSpec(Hardware, Origin, Placed):
    """A QEMU virtual machine."""


KIND: Kind = Kind(
    name="VirtualMachine",
    plural="virtualmachines",
    short=("vm", "vms"),
    model=VirtualMachineSpec,
    driver=GuestDriver(api("VirtualMachine", lambda: KIND.schema, templates=False), lambda: KIND.schema),
    columns=GUEST_COLUMNS,
    namespaced=True,
    see_also="virtualmachinetemplates",
    ignored=IGNORED,
    made_by_server=frozenset({"bootdisk"}),
    usual=impacts.usual,
    touches=_blast.guest,
    deletion=Impact.DATA_LOSS,
    needs=needs_of(lambda: KIND.schema),
    provides=provides,
    answers_to=answers_to,
    held_by=held_by,
    guard=guard,
    mistakes=mistakes,
    options_of=CONFIG,
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
