"""What the store holds of people, as frozen values: who they are, what they were granted, how they came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

SubjectType = Literal["user", "group"]
RefreshOutcome = Literal["refreshed", "just-refreshed", "replayed", "gone"]
CreateUsers = Literal["all", "grouped", "none"]
LOCAL = "local"
"""The provider of users whose passwords are kept here."""
ADMIN = "admin"
"""The role that may do everything; somebody always holds it everywhere."""


@dataclass(frozen=True)
class User:
    """One person or program that may log in. `version` counts up with what ends every session."""

    id: str
    name: str
    created_at: datetime
    password_hash: str | None = field(default=None, repr=False)
    must_change_password: bool = False
    provider: str = LOCAL
    external_id: str = ""
    display_name: str = ""
    email: str = ""
    disabled: bool = False
    last_login_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True)
class Group:
    """A group and the names of its members, each with who says so: `manual`, or a login provider."""

    name: str
    description: str
    members: Mapping[str, str]


@dataclass(frozen=True)
class Role:
    """A role that people made: patterns of permissions."""

    name: str
    description: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class RoleGrant:
    """A role in some contexts and namespaces, for a user (by id) or a group; `*` stands for all of them.

    `permissions` are those of a role that people made, None for a built-in one.
    """

    id: int
    subject_type: SubjectType
    subject: str
    role: str
    contexts: tuple[str, ...]
    namespaces: tuple[str, ...]
    permissions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class LoginProvider:
    """Who else answers for people. `groups` are ours with theirs whose members are in them; `*` stands for everybody.

    `create_users` says who becomes a user at the first login: `all`, those in a group of theirs that is named
    (`grouped`), or `none`.
    """

    name: str
    type: str
    settings: Mapping[str, Any]
    groups: Mapping[str, Sequence[str]]
    create_users: CreateUsers = "grouped"
    enabled: bool = True
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class PendingLogin:
    """A login that goes on in a browser: what has to be known when it comes back."""

    state: str
    provider: str
    content: Mapping[str, Any] = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Login:
    """One login of a user: it goes on by refreshing until it expires or is revoked."""

    id: str
    user_id: str
    user_version: int
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    client: str
    address: str


@dataclass(frozen=True)
class ApiToken:
    """A personal token: it may at most what its user may, within its scopes, contexts and namespaces."""

    id: str
    user_id: str
    name: str
    scopes: tuple[str, ...]
    contexts: tuple[str, ...]
    namespaces: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    hash: str = field(repr=False)


@dataclass(frozen=True)
class AuditRecord:
    """One link of the audit's chain; `hash` covers everything else, `previous` is the hash of the one before."""

    seq: int
    at: datetime
    type: str
    actor: str
    action: str
    context: str
    subject: str
    outcome: str
    detail: Mapping[str, Any]
    address: str
    correlation: str
    previous: str
    hash: str


@dataclass(frozen=True)
class ChainState:
    """How the audit's chain was found: its records, its last hash; where and why it is broken, if it is."""

    records: int
    head: str
    broken_at: int | None = None
    reason: str = ""
