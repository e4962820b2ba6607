"""VirtualMachineTemplate: what VMs are cloned from."""

from __future__ import annotations

from proxmox_mpc.kinds._field import Impact, Part, group
from proxmox_mpc.kinds._guest import answers_to, guard, needs_of, provides
from proxmox_mpc.kinds._guest_columns import TEMPLATE_COLUMNS
from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._qemu.guest import CONFIG, IGNORED, ROOT_ONLY, api
from proxmox_mpc.kinds._qemu.hardware import Hardware, Placed
from proxmox_mpc.kinds._qemu.rules import mistakes
from proxmox_mpc.kinds.virtual_machine_template.driver import TemplateDriver, held_by
from proxmox_mpc.kinds.virtual_machine_template.image import Image, coming


class Source(Part):
    """What a template is made of."""

    image: Image | None = group(help="The cloud image or ISO that it is made of; a bare text is its volume.")


class VirtualMachineTemplateSpec(Hardware, Source, Placed):
    """A template of VMs: made of a cloud image or an ISO, and converted.

    The image becomes the first disk. Another image makes another template; the rest is changed in place, and reaches
    the clones that are made later.
    """


KIND: Kind = Kind(
    name="VirtualMachineTemplate",
    plural="virtualmachinetemplates",
    short=("vmt", "vmtemplate", "vmtemplates"),
    model=VirtualMachineTemplateSpec,
    driver=TemplateDriver(
        api("VirtualMachineTemplate", lambda: KIND.schema, templates=True, coming=coming), lambda: KIND.schema
    ),
    columns=TEMPLATE_COLUMNS,
    namespaced=True,
    ignored=IGNORED,
    made_by_server=frozenset({"bootdisk"}),
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
    # Before the guests that are cloned from it.
    order=45,
    marked=True,
    example="""\
apiVersion: proxmox.io/v1
kind: VirtualMachineTemplate
metadata: { name: debian-13 }
spec:
  node: pve-node1
  image:
    url: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2
    storage: local
  memory: 2048
  disks: [{ storage: local-lvm, size: 8G }]
  networks: [{ bridge: vmbr0 }]
  cloudInit: { storage: local-lvm, user: ops }
  agent: true
""",
)
