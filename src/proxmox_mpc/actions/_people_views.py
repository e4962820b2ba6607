"""People, grants and records as results show them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._action import Result

if TYPE_CHECKING:
    from proxmox_mpc.store import AuditRecord, RoleGrant, Store, User


class UserView(Result):
    """One user, without password."""

    name: str
    display_name: str
    email: str
    provider: str
    disabled: bool
    must_change_password: bool
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, user: User) -> UserView:
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


class RoleGrantView(Result):
    """A role that a user or group holds, in contexts and namespaces; `*` stands for all of them."""

    id: int
    subject_type: str
    subject: str
    role: str
    contexts: list[str]
    namespaces: list[str]

    @classmethod
    def of(cls, grant: RoleGrant, names: dict[str, str]) -> RoleGrantView:
        subject = names.get(grant.subject, "") if grant.subject_type == "user" else grant.subject
        lists = {"contexts": list(grant.contexts), "namespaces": list(grant.namespaces)}
        return cls(id=grant.id, subject_type=grant.subject_type, subject=subject, role=grant.role, **lists)


class AuditView(Result):
    """One record of the audit."""

    seq: int
    at: datetime
    type: str
    actor: str
    action: str
    context: str
    subject: str
    outcome: str
    detail: dict[str, Any]
    address: str
    correlation: str
    previous: str
    hash: str

    @classmethod
    def of(cls, record: AuditRecord) -> AuditView:
        return cls(**vars(record))


async def names_of_users(store: Store) -> dict[str, str]:
    """Users' names by their ids."""
    return {user.id: user.name for user in await store.users.list()}
