"""What manifests reach beyond their namespaces: templates and disks of others, kept secrets, the nodes themselves.

Who may do something in all namespaces of a context may all of that; who is kept to some of them may use what stands in
sight there, and nothing by which a guest gets out of its namespace: a device or file of a node, a hook that it runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._gate import at_work, not_allowed
from proxmox_mpc.actions._visibility import Sees, sight

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.engine.plan import Plan
    from proxmox_mpc.kinds._codec import Value
    from proxmox_mpc.kinds._kind import Resource
    from proxmox_mpc.kinds._view import View

READ = "resources:read"
SECRETS = "secrets:read"
TEMPLATES = "VirtualMachineTemplate"

# What is a node's own, by canonical path; a value that is harmless there, if there is one.
_NODES_OWN: Sequence[tuple[re.Pattern[str], Sequence[Any]]] = tuple(
    (re.compile(pattern), harmless)
    for pattern, harmless in (
        (r"args|hookscript|image\.url", ()),
        (r"(hostpci|parallel|devices|virtiofs|sharedMemory)\..+", ()),
        (r"(disks|mounts)\.[^.]+\.path|rootfs\.path|disks\.[^.]+\.scsiblock", ()),
        (r"serial\.[^.]+\.device", ("socket",)),
        (r"usb\.[^.]+\.(device|mapping)", ("spice",)),
        (r"cloudInit\.custom\..+", ()),
        (r"(.+\.)?options(\..+)?", ()),
        (r"features\.(?!nesting$).+", (False,)),
        (r"unprivileged", (True,)),
    )
)
_VOLUMES = re.compile(r"(.+\.)?(volume|drive|importFrom)")
_GUESTS_OWN = re.compile(r"[:/](?:vm|base|subvol|basevol)-(\d+)-")
# What is kept on a storage for everybody: images to install and to import from.
_FOR_ALL = re.compile(r"[\w.-]+:(iso|import|vztmpl)/[^/]+")


async def usable_secrets(session: Session) -> Callable[[str], bool]:
    """Whether manifests of the actor may name secrets of a namespace; "" is what belongs to none."""
    access = session.who.access
    if access.is_unlimited:
        return lambda namespace: True
    context, sees = (await session.context()).name, await sight(session)
    whole = access.allows(SECRETS, context)
    return lambda namespace: whole or (bool(namespace) and sees(namespace))


async def require_sources(session: Session, view: View, resources: Sequence[Resource]) -> None:
    """Raises InvalidInput or NotAllowed where guests are made of what is not in the actor's sight."""
    sees = await sight(session)
    if sees(""):
        return
    from proxmox_mpc.kinds._guest_rows import is_meant, namespace_of

    access, context = session.who.access, (await session.context()).name
    made_here = {resource.key.name for resource in resources if resource.key.kind == TEMPLATES}
    rows: list[Any] = []
    for resource in resources:
        if (template := resource.fields.get("template")) is not None and str(template) not in made_here:
            rows = rows or await view.rows("qemu", "lxc")
            meant = [row for row in rows if is_meant(row, str(template))]
            if not meant or not all(access.allows(READ, context, namespace_of(row)) for row in meant):
                known = sorted(
                    str(row.get("name", row["vmid"]))
                    for row in rows
                    if row.get("template") and access.allows(READ, context, namespace_of(row))
                )
                hint = f"templates here: {', '.join(known)}" if known else f"one in a namespace where {READ} is granted"
                raise resource.invalid("spec.template", f"there is no template {template!r}", hint)
        for volume in _volumes(resource.fields):
            rows = rows or await view.rows("qemu", "lxc")
            if not _FOR_ALL.fullmatch(volume) and not _is_in_sight(volume, rows, sees):
                raise not_allowed(session, at_work(), context)


def _volumes(fields: Mapping[str, Value]) -> Iterable[str]:
    return (str(value) for path, value in fields.items() if _VOLUMES.fullmatch(path))


def _is_in_sight(volume: str, rows: Sequence[Any], sees: Sees) -> bool:
    from proxmox_mpc.kinds._guest_rows import namespace_of

    owners = set(_GUESTS_OWN.findall(volume))
    spaces = {namespace_of(row) for row in rows if str(row["vmid"]) in owners}
    return bool(spaces) and ".." not in volume and all(map(sees, spaces))


async def require_kept_in(session: Session, plan: Plan, wanted: Iterable[Resource]) -> None:
    """Raises NotAllowed where a guest would get at its node; what it has already may stay."""
    if (await sight(session))(""):
        return
    lives = {step.key: step.live for step in plan.steps}
    for resource in wanted:
        live = lives.get(resource.key)
        before = live.fields if live is not None else {}
        for path, value in resource.fields.items():
            if before.get(path) != value and _is_nodes_own(path, value):
                error = not_allowed(session, at_work(), plan.context)
                error.message = f"{resource.key}: {path} reaches beyond the namespace: {error.message}"
                error.place = resource.place(path)
                raise error


def _is_nodes_own(path: str, value: Value) -> bool:
    return any(pattern.fullmatch(path) and value not in harmless for pattern, harmless in _NODES_OWN)
