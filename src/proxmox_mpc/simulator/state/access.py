"""Who may do what: users, tokens, groups, roles, realms, and the access control list."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from proxmox_mpc.simulator.formats.cluster import PRIVILEGES
from proxmox_mpc.simulator.state.second_factors import SecondFactors

# What only Administrator holds (`/access/roles`, 9.1).
_NOT_FOR_ADMIN = frozenset(
    "Permissions.Modify Mapping.Modify Realm.Allocate Sys.AccessNetwork Sys.Incoming Sys.Modify Sys.PowerMgmt".split()
)
# What a guest's user may do: also what of it a version does not know (VM.Monitor belongs to administrators, 8.4).
_VM_USER = frozenset(
    """VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.GuestAgent.Audit VM.GuestAgent.FileRead
    VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite VM.PowerMgmt""".split()
)


def _builtin_roles(known: frozenset[str]) -> dict[str, frozenset[str]]:
    def area(name: str) -> frozenset[str]:
        return frozenset(p for p in known if p.startswith(f"{name}."))

    roles = {
        "Administrator": known,
        "NoAccess": frozenset[str](),
        "PVEAdmin": known - _NOT_FOR_ADMIN,
        "PVEAuditor": frozenset(p for p in known if p.endswith(".Audit")),
        "PVEDatastoreAdmin": area("Datastore"),
        "PVEDatastoreUser": frozenset({"Datastore.AllocateSpace", "Datastore.Audit"}),
        "PVEMappingAdmin": area("Mapping"),
        "PVEMappingUser": frozenset({"Mapping.Audit", "Mapping.Use"}),
        "PVEPoolAdmin": area("Pool"),
        "PVEPoolUser": frozenset({"Pool.Audit"}),
        "PVESDNAdmin": area("SDN"),
        "PVESDNUser": frozenset({"SDN.Audit", "SDN.Use"}),
        "PVESysAdmin": frozenset({"Sys.Audit", "Sys.Console", "Sys.Syslog"}),
        "PVETemplateUser": frozenset({"VM.Audit", "VM.Clone"}),
        "PVEUserAdmin": frozenset({"Group.Allocate", "Realm.AllocateUser", "User.Modify"}),
        "PVEVMAdmin": area("VM"),
        "PVEVMUser": _VM_USER,
    }
    return {name: privileges & known for name, privileges in roles.items()}


BUILTIN_ROLES: Mapping[str, Mapping[str, frozenset[str]]] = {
    version: _builtin_roles(known) for version, known in PRIVILEGES.items()
}

# Rounds of PBKDF2: a simulator's passwords protect nothing, and logins must stay cheap in tests.
_ROUNDS = 1000


@dataclass
class Token:
    """An API token. `expire` in seconds since 1970, 0 for never."""

    secret: str
    comment: str = ""
    expire: int = 0
    privsep: bool = True


@dataclass
class User:
    """A user; `fields` holds the texts (comment, email, firstname, lastname, keys) as they were set."""

    enable: bool = True
    expire: int = 0
    password: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    second: SecondFactors = field(default_factory=SecondFactors)


@dataclass
class Group:
    comment: str = ""
    members: list[str] = field(default_factory=list)


@dataclass
class Rule:
    """One entry of the access control list. `kind` is user, group or token."""

    path: str
    kind: str
    name: str
    role: str
    propagate: bool


@dataclass
class Access:
    """All of user.cfg, token.cfg and domains.cfg."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    realms: dict[str, dict[str, str]] = field(default_factory=dict)

    def role(self, name: str, version: str) -> frozenset[str] | None:
        """The privileges of a role, built in or made here; None when there is no such role."""
        if name in BUILTIN_ROLES[version]:
            return BUILTIN_ROLES[version][name]
        return frozenset(self.roles[name]) if name in self.roles else None

    def token(self, full: str) -> Token | None:
        user, _, name = full.partition("!")
        return self.users[user].tokens.get(name) if user in self.users else None

    def groups_of(self, user: str) -> Iterator[str]:
        return (name for name, group in self.groups.items() if user in group.members)

    def forget(self, kind: str, name: str) -> None:
        """Drop every rule of a user (and its tokens), group or token."""
        self.rules = [
            r
            for r in self.rules
            if not (r.kind == kind and r.name == name)
            and not (kind == "user" and r.kind == "token" and r.name.startswith(f"{name}!"))
        ]


def hash_password(password: str) -> str:
    salt = secrets.token_hex(8)
    return f"{salt}${_derive(password, salt)}"


def is_password(password: str, stored: str) -> bool:
    salt, _, derived = stored.partition("$")
    return bool(derived) and secrets.compare_digest(_derive(password, salt), derived)


def _derive(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS).hex()
