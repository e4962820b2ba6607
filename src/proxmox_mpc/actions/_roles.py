"""Built-in roles, and what somebody who holds roles may."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from proxmox_mpc.actions._access import Access, Grant

if TYPE_CHECKING:
    from proxmox_mpc.store import RoleGrant

_LOOK = ("resources:read", "guests:read", "charts:read", "contexts:read", "tasks:read", "jobs:read", "schedules:read")
_WATCH = ("events:read", "messages:read", "system:read")
_WORK = ("resources:*", "guests:*", "charts:*", "contexts:read", "tasks:*", "jobs:*", "schedules:*")

BUILT_IN: dict[str, tuple[str, tuple[str, ...]]] = {
    "viewer": ("sees clusters, applications and jobs; no secrets, no people, no audit", (*_LOOK, *_WATCH)),
    "operator": (
        "declares, applies and runs; sets secrets, does not see them; no people",
        (*_WORK, *_WATCH, "secrets:*"),
    ),
    "admin": ("may do everything", ("*",)),
}
"""What each is for, and its patterns of permissions."""


def as_grant(held: RoleGrant) -> Grant:
    """What a role that somebody holds permits; a role that there is not permits nothing."""
    permissions = BUILT_IN[held.role][1] if held.role in BUILT_IN else held.permissions or ()
    return Grant(permissions, held.contexts, held.namespaces)


def access_of(held: Iterable[RoleGrant], limits: Grant | None = None) -> Access:
    """What the holder of roles may, within the limits of a token."""
    return Access(tuple(as_grant(one) for one in held), limits)
