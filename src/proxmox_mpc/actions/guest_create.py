"""Write down a new guest, from what a person says of it in a few words."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._guests.choice import is_guest_kind
from proxmox_mpc.actions._planning import ManifestText, load
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import require_namespaces
from proxmox_mpc.errors import RefusedError, UsageError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import API_VERSION, DEFAULT_NAMESPACE, Kind


class GuestCreateRequest(Request):
    """What the guest is: all that has no field here goes into `fields`."""

    kind: str = Field(description="vm or ct, by any of their names.")
    name: str = Field(description="Its name.")
    namespace: str = Field(DEFAULT_NAMESPACE, description="Its namespace.")
    node: str = Field("", description="Its node; else the emptiest that fits.")
    vmid: int | None = Field(None, description="Its VMID; else a free one.")
    template: str = Field("", description="The template that it is cloned from, by name or VMID.")
    ostemplate: str = Field("", description="Volume of a container's OS template.")
    iso: str = Field("", description="Volume of an ISO image in a VM's CD-ROM drive.")
    cores: int | None = Field(None, description="Processor cores.")
    memory: str = Field("", description="Memory: MiB, or with its unit.")
    disks: list[str] = Field(
        [], description="STORAGE:SIZE; of a container the first is its root, others STORAGE:SIZE:PATH."
    )
    networks: list[str] = Field([], description="BRIDGE, or BRIDGE:VLAN.")
    ip: str = Field("", description="Address of the first card: 10.0.0.5/24, or dhcp.")
    gateway: str = Field("", description="Gateway of the first card.")
    user: str = Field("", description="User that cloud-init makes.")
    ssh_keys: list[str] = Field([], description="SSH public keys.")
    tags: list[str] = Field([], description="Tags.")
    start: bool = Field(False, description="Hold it running.")
    fields: list[str] = Field([], description="PATH=VALUE for any other field: cpu.type=host, disks.0.ssd=true.")
    without_cluster: bool = Field(False, description="Do not look whether there is one of this name already.")


class GuestCreateResult(Result):
    """The manifest, as text and as a document."""

    manifest: dict[str, Any]
    text: str


@action(permission="resources:read", route="POST /guests/manifest", scope="namespace")
async def guest_create(session: Session, request: GuestCreateRequest) -> GuestCreateResult:
    """Write the manifest of a new guest; it is made by applying that."""
    if not is_guest_kind(request.kind) or find_kind(request.kind).name == "VirtualMachineTemplate":
        raise UsageError(
            f"create makes guests, not {request.kind!r}", hint="proxmox-cli create vm NAME, or create ct NAME"
        )
    await require_namespaces(session, [request.namespace])
    kind = find_kind(request.kind)
    document = _document(kind, request)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    await load(session, [ManifestText(name="the new manifest", content=text)], request.namespace, with_secrets=False)
    if not request.without_cluster:
        await _refuse_known(session, kind, request)
    return GuestCreateResult(manifest=document, text=text)


async def _refuse_known(session: Session, kind: Kind, request: GuestCreateRequest) -> None:
    for live in await kind.driver.rows(await session.view()):
        if (live.key.namespace, live.facts.get("name")) == (request.namespace, request.name):
            hint = "take another name, or change it: export its manifest, edit that, apply --adopt"
            raise RefusedError(
                f"there is a {kind.name} {request.name} already (VMID {live.identity['vmid']})", hint=hint
            )


def _document(kind: Kind, request: GuestCreateRequest) -> dict[str, Any]:
    own = _container if kind.name == "Container" else _machine
    spec: dict[str, Any] = {"node": request.node, "vmid": request.vmid, "template": _number(request.template)}
    spec |= {"cpu": {"cores": request.cores} if request.cores is not None else None}
    spec |= {"memory": _number(request.memory), **own(request), "tags": request.tags}
    spec |= {"state": "running" if request.start else None}
    spec = {name: value for name, value in spec.items() if value not in (None, "", [], {})}
    for text in request.fields:
        _set(spec, text)
    metadata = {"name": request.name}
    if request.namespace != DEFAULT_NAMESPACE:
        metadata["namespace"] = request.namespace
    return {"apiVersion": API_VERSION, "kind": kind.name, "metadata": metadata, "spec": spec}


def _machine(request: GuestCreateRequest) -> dict[str, Any]:
    if request.ostemplate:
        raise UsageError(
            "an OS template is for containers", hint="--template NAME clones a VM, --iso boots an installer"
        )
    address = {name: text for name, text in {"ip": request.ip, "gateway": request.gateway}.items() if text}
    cloud_init = {"user": request.user, "sshKeys": request.ssh_keys, "ipConfig": [address] if address else []}
    return {
        "disks": [_disk(text) for text in request.disks],
        "cdrom": [{"iso": request.iso}] if request.iso else [],
        "networks": [_card(text) for text in request.networks],
        "cloudInit": {name: value for name, value in cloud_init.items() if value},
    }


def _container(request: GuestCreateRequest) -> dict[str, Any]:
    if request.iso or request.user:
        raise UsageError("--iso and --user are for VMs", hint="a container has --ostemplate and --ssh-key")
    cards = [{"name": f"eth{number}", **_card(text)} for number, text in enumerate(request.networks)]
    if cards:
        cards[0] |= {name: text for name, text in {"ip": request.ip, "gateway": request.gateway}.items() if text}
    volumes = [_disk(text) for text in request.disks]
    return {
        "ostemplate": request.ostemplate,
        "rootfs": volumes[0] if volumes else None,
        "mounts": volumes[1:],
        "networks": cards,
        "sshKeys": request.ssh_keys,
    }


def _disk(text: str) -> dict[str, str]:
    storage, _, rest = text.partition(":")
    size, _, target = rest.partition(":")
    if not storage or not size:
        raise UsageError(f"{text!r} is no disk", hint="write STORAGE:SIZE, such as local-lvm:32G")
    return {"storage": storage, "size": size, **({"target": target} if target else {})}


def _card(text: str) -> dict[str, Any]:
    bridge, _, vlan = text.partition(":")
    return {"bridge": bridge, **({"vlan": _number(vlan)} if vlan else {})}


def _number(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def _set(spec: dict[str, Any], text: str) -> None:
    """Put a value at a path; what is wrong with either is said when the manifest is checked."""
    path, equals, value = text.partition("=")
    *steps, last = path.removeprefix("spec.").split(".")
    if not equals or not last:
        raise UsageError(f"{text!r} sets nothing", hint="write PATH=VALUE, such as cpu.type=host")
    at: Any = spec
    for step in steps:
        at = (
            at[int(step)] if isinstance(at, list) and step.isdigit() and int(step) < len(at) else _below(at, step, text)
        )
    if isinstance(at, list) and last.isdigit() and int(last) < len(at):
        at[int(last)] = yaml.safe_load(value)
    elif isinstance(at, dict):
        at[last] = yaml.safe_load(value)
    else:
        raise UsageError(
            f"{path!r} leads nowhere", hint="proxmox-cli explain vm shows the fields; of lists: disks.0.ssd=true"
        )


def _below(at: Any, step: str, text: str) -> Any:
    if not isinstance(at, dict):
        raise UsageError(
            f"{text!r} leads nowhere", hint="proxmox-cli explain vm shows the fields; of lists: disks.0.ssd=true"
        )
    return at.setdefault(step, {})
