"""Container: an LXC guest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.kinds import _blast
from proxmox_mpc.kinds._codec import KEY_LINES, Fields, Value
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest import GuestApi, GuestDriver, answers_to, guard, needs_of, provides
from proxmox_mpc.kinds._guest_columns import GUEST_COLUMNS
from proxmox_mpc.kinds._guest_ha import held_by
from proxmox_mpc.kinds._kind import Kind, Live, Resource
from proxmox_mpc.kinds._view import View
from proxmox_mpc.kinds._volumes import check_volumes
from proxmox_mpc.kinds.container import impacts
from proxmox_mpc.kinds.container.spec import ContainerSpec

IGNORED = frozenset("digest hostname lock parent snaptime template snapstate".split()) | frozenset(
    f"unused{number}" for number in range(256)
)

# Creation takes these apart from the config, and no later read shows them.
_CREATION = ("ostemplate", "password", "sshKeys")


def lower(fields: Mapping[str, Value]) -> Fields:
    """Config fields only: what creation takes is added by `create_params`."""
    return {path: value for path, value in fields.items() if path not in _CREATION}


def create_params(resource: Resource) -> dict[str, Any]:
    params: dict[str, Any] = {"ostemplate": resource.fields["ostemplate"]}
    if "password" in resource.secrets:
        params["password"] = resource.secrets["password"]
    if "sshKeys" in resource.fields:
        params["ssh-public-keys"] = KEY_LINES.write(resource.fields["sshKeys"])
    return params


async def check(view: View, resource: Resource, live: Live | None) -> None:
    """A new container needs a source, and its OS template must exist."""
    if live is None and not {"ostemplate", "template"} & resource.fields.keys():
        hint = "name an OS template in spec.ostemplate, or a container template in spec.template"
        raise resource.invalid("spec", "a container needs something to be made from", hint)
    await check_volumes(view, resource, live, KIND.schema)


_API = GuestApi(
    kind="Container",
    type="lxc",
    name_key="hostname",
    disk_lists=("mounts", "rootfs"),
    lift=lambda fields: fields,
    lower=lower,
    create_params=create_params,
    check=check,
    boot_slot=lambda fields: None,
    mistakes=lambda fields, whole: (),
    write_verb="PUT",
    resent={},
    # PUT /nodes/{node}/lxc/{vmid}/config: "unable to delete required option 'memory'" (9.1).
    # Deleting `features` counts as changing them all, which only root@pam may; without nesting is the same (9.1).
    undeletable={"memory": "512", "swap": "512", "features": "nesting=0"},
    move_verb="/move_volume",
    move_key="volume",
    raw_lines=True,
    moves_running=False,
    verdict=impacts.impact,
)

KIND: Kind = Kind(
    name="Container",
    plural="containers",
    short=("ct", "cts", "lxc"),
    model=ContainerSpec,
    driver=GuestDriver(_API, lambda: KIND.schema),
    columns=GUEST_COLUMNS,
    namespaced=True,
    ignored=IGNORED,
    usual=impacts.usual,
    touches=_blast.guest,
    deletion=Impact.DATA_LOSS,
    needs=needs_of(lambda: KIND.schema),
    provides=provides,
    answers_to=answers_to,
    held_by=held_by,
    guard=guard,
    options_of=("PUT", "/nodes/{node}/lxc/{vmid}/config"),
    # PUT /nodes/{node}/lxc/{vmid}/config: feature flags but nesting, and hook scripts, are root@pam's (8.4, 9.1).
    root_only=frozenset(
        "features.keyctl features.fuse features.mknod features.mount features.forceRwSys hookscript devices"
        " mounts.*.path options.lock".split()
    ),
    identified_by=("vmid",),
    order=50,
    marked=True,
    example="""\
apiVersion: proxmox.io/v1
kind: Container
metadata: { name: cache, namespace: production }
spec:
  node: pve-node1
  ostemplate: local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst
  memory: 512
  rootfs: { storage: local-lvm, size: 8G }
  networks: [{ name: eth0, bridge: vmbr0, ip: dhcp }]
""",
)
