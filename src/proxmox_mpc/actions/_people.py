"""How people, groups, roles and tokens are written, and who may change whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from proxmox_mpc.actions._access import EVERY, Grant, covers, holds
from proxmox_mpc.actions._catalogue import all_actions
from proxmox_mpc.actions._gate import NotAllowed
from proxmox_mpc.actions._roles import BUILT_IN, as_grant
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import InvalidInput

if TYPE_CHECKING:
    from proxmox_mpc.store import RoleGrant, Store


class NotYours(NotAllowed):
    """That is more than you may yourself."""

    code = "auth.not-yours"


class OwnRights(NotAllowed):
    """Nobody changes what they may themselves."""

    code = "auth.own-rights"
    default_hint = "ask another admin"


class PermissionUnknown(InvalidInput):
    """There is no such permission."""

    code = "role.permission-unknown"


def known_permissions() -> list[str]:
    """Every permission that some action needs."""
    return sorted({action.permission for action in all_actions()})


def check_patterns(patterns: Iterable[str]) -> None:
    """Raises PermissionUnknown for a pattern that stands for no permission of any action."""
    known = known_permissions()
    for pattern in patterns:
        if not any(covers(pattern, permission) for permission in known):
            nouns = ", ".join(sorted({permission.partition(":")[0] for permission in known}))
            raise PermissionUnknown(f"there is no permission {pattern!r}", hint=f"NOUN:read or NOUN:write, of {nouns}")


def must_hold(session: Session, grants: Iterable[Grant]) -> None:
    """Raises NotYours where the actor may not all that these grants permit."""
    for grant in grants:
        if not holds(session.who.access, grant):
            what = ", ".join(grant.permissions) or "nothing"
            where = f"contexts {', '.join(grant.contexts)}, namespaces {', '.join(grant.namespaces)}"
            raise NotYours(f"that is more than you may yourself: {what} in {where}")


def must_hold_roles(session: Session, held: Iterable[RoleGrant]) -> None:
    """Who manages somebody, or what somebody was given, may at least as much: else it would be a way to get it."""
    must_hold(session, [as_grant(one) for one in held])


async def not_own_group(session: Session, name: str) -> None:
    """Raises OwnRights where the actor is in that group."""
    if session.who.user_id and name in await (await session.store()).groups.of_user(session.who.user_id):
        raise OwnRights(f"you are in the group {name}: nobody changes what they may themselves")


def not_oneself(session: Session, user_id: str) -> None:
    """Raises OwnRights where the actor is that user."""
    if session.who.user_id and session.who.user_id == user_id:
        raise OwnRights("that is yourself: nobody changes what they may themselves")


async def permissions_of(store: Store, role: str) -> tuple[str, ...]:
    """What a role permits, built-in or not. Raises RecordMissing."""
    return BUILT_IN[role][1] if role in BUILT_IN else (await store.roles.get(role)).permissions


def places(given: Sequence[str]) -> tuple[str, ...]:
    """Contexts or namespaces, each once; `*` stands for all others, too."""
    return (EVERY,) if EVERY in given else tuple(dict.fromkeys(given))
