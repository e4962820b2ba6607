"""User: somebody who can log in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Change, Column, Key, Live, Need, Resource
from proxmox_mpc.kinds._reach import NAME, Write
from proxmox_mpc.kinds._regular import CollectionDriver, regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View


class UserSpec(Part):
    """A user. The name is `NAME@REALM`; realms with a directory of their own keep the password there."""

    enabled: bool | None = field("enable", default=True, help="Whether the user may log in.")
    expire: int | None = field(
        "expire", default=0, ge=0, help="When the account ends, in seconds since 1970; 0: never."
    )
    groups: NameList | None = field("groups", help="Groups that the user is in.")
    password: str | None = field(
        "password", secret=True, min_length=8, max_length=64, help="Password (realms pve and pam)."
    )
    email: str | None = field("email", help="Mail address.")
    first_name: str | None = field("firstname", help="First name.")
    last_name: str | None = field("lastname", help="Last name.")
    keys: str | None = field("keys", help="Keys of an old second factor (yubico).")
    comment: str | None = field("comment", help="A remark.")


class UserDriver(CollectionDriver):
    """Passwords are changed elsewhere than everything else."""

    def cost(self, live: Live, resource: Resource, changes: Sequence[Change]) -> Sequence[Change]:
        # PUT /access/password: "not available with API token, need proper ticket" (9.1).
        note = "no API token may, only a login by password"
        return [replace(change, note=note) if change.path == "password" else change for change in changes]

    async def change(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        password = resource.secrets.get("password")
        if password is not None and any(change.path == "password" for change in changes):
            params = {"userid": live.key.name, "password": password}
            await run.call("PUT", "/access/password", params, title=f"change the password of {live.key.name}")
        return await super().change(run, live, resource, [c for c in changes if c.path != "password"])

    def writes(self) -> Sequence[Write]:
        return [*super().writes(), Write("PUT", "/access/password", {"userid": NAME})]


def _needs(resource: Resource) -> list[Need]:
    groups = resource.fields.get("groups")
    realm = resource.key.name.rpartition("@")[2]
    found = [Need.firm("Group", name, "groups") for name in groups] if isinstance(groups, list) else []
    return [*found, Need(Key("Realm", "", realm), "metadata.name")]


async def _check(view: View, resource: Resource, live: Live | None) -> None:
    name = resource.key.name
    if "@" not in name:
        raise resource.invalid("metadata.name", f"{name!r} says no realm", f"write {name}@pve, or {name}@pam")


KIND = regular(
    "User",
    "users",
    ("usr",),
    UserSpec,
    Collection(
        "/access/users",
        "/access/users/{userid}",
        "userid",
        detailed=True,
        clear="empty",
        comment="comment",
        check=_check,
    ),
    columns=(
        Column.name(),
        Column("ENABLED", lambda live: "yes" if live.facts.get("enable", 1) else "no"),
        Column.of("EMAIL", "email"),
        Column.of("COMMENT", "comment"),
    ),
    driver=UserDriver,
    needs=_needs,
    ignored=frozenset({"tokens", "realm-type", "tfa-locked-until", "totp-locked", "userid"}),
    exported=lambda live: live.key.name != "root@pam",
    order=6,
    example="""\
apiVersion: proxmox.io/v1
kind: User
metadata: { name: amy@pve }
spec: { groups: [operators], email: amy@example.org }
""",
)
