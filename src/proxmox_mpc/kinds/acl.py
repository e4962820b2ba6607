"""ACL: one entry of the access control list: who has which role where.

Entries have no name and no room for a mark. A manifest's name is its own affair; what it means on the cluster is path,
subject and role together, and the store remembers which entry it made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Change, Column, Key, Kind, Live, Need, Owned, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_PATH = "/access/acl"
_SUBJECTS = ("user", "group", "token")


class ACLSpec(Part):
    """An entry: a role for a user, a group or a token, on a path and (unless told otherwise) below it."""

    path: str = field("path", help="Where, such as / or /vms/100 or /pool/prod or /storage/local.", pattern="^/")
    role: str = field("roleid", help="The role.")
    user: str | None = field("user", help="Who: a user, …")
    group: str | None = field("group", help="… a group, …")
    token: str | None = field("token", help="… or a token.")
    propagate: bool | None = field("propagate", default=True, help="Whether it holds below the path, too.")


def _entry(fields: Mapping[str, Value]) -> dict[str, str]:
    """What tells an entry from all others."""
    kind = next((kind for kind in _SUBJECTS if kind in fields), "")
    return {"path": str(fields["path"]), "role": str(fields["role"]), kind: str(fields.get(kind, ""))}


class ACLDriver(Driver):
    """Reads and writes entries. A changed entry is another entry: the new one comes, then the old one goes."""

    async def _all(self, view: View) -> list[Fields]:
        rows = await view.once(_PATH, lambda: view.pve.get(_PATH))
        return [
            {
                "path": r["path"],
                "role": r["roleid"],
                r["type"]: r["ugid"],
                "propagate": bool(int(r.get("propagate") or 0)),
            }
            for r in rows
        ]

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        entries = {_told(_entry(fields)): fields for fields in await self._all(view)}
        # The entry that was made comes first: a manifest that changed means another one by now.
        meant = {r.key: [_entry(r.fields)] for r in wanted}
        for item in owned:
            meant.setdefault(item.key, []).insert(0, dict(item.identity))
        found = []
        for key, candidates in meant.items():
            known = (entries.get(_told(candidate)) for candidate in candidates)
            if (fields := next((fields for fields in known if fields is not None), None)) is not None:
                found.append(_live(key, fields))
        return found

    async def rows(self, view: View) -> list[Live]:
        """All entries; those that a manifest made by the name that it gave them."""
        owned = {_told(item.identity): key for key, item in (await view.remembered()).items() if key.kind == "ACL"}
        entries = [(fields, owned.get(_told(_entry(fields)))) for fields in await self._all(view)]
        return [_live(key or Key("ACL", "", _name(fields)), fields) for fields, key in entries]

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        if sum(kind in resource.fields for kind in _SUBJECTS) != 1:
            raise resource.invalid("spec", "an entry is for one user, one group or one token", "write one of them")
        return resource

    async def create(self, run: Run, resource: Resource) -> Live:
        await self._put(run, resource.fields, title=f"allow {resource.key.name}", makes=_entry(resource.fields))
        return _live(resource.key, resource.fields)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        wanted: Fields = {**resource.fields}
        if "propagate" not in wanted:
            wanted["propagate"] = True
        before, after = _entry(live.fields), _entry(wanted)
        # First the new one: nobody loses a permission in between.
        await self._put(run, wanted, title=f"allow {resource.key.name}", makes=None if before == after else after)
        if before != after:
            await self._put(run, live.fields, title=f"take back {_name(live.fields)}", delete=True)
        return _live(resource.key, wanted)

    async def delete(self, run: Run, live: Live) -> None:
        await self._put(run, live.fields, title=f"take back {live.key.name}", delete=True)

    async def _put(
        self,
        run: Run,
        fields: Mapping[str, Value],
        *,
        title: str,
        makes: Mapping[str, Any] | None = None,
        delete: bool = False,
    ) -> None:
        params: dict[str, Any] = {"path": fields["path"], "roles": fields["role"]}
        params |= {f"{kind}s": fields[kind] for kind in _SUBJECTS if kind in fields}
        params |= {"delete": True} if delete else {"propagate": bool(fields.get("propagate", True))}
        async with run.lane(f"file:{_PATH}"):
            await run.call("PUT", _PATH, params, title=title, makes=makes)
        run.view.forget(_PATH)

    def writes(self) -> Sequence[Write]:
        named = {"roles": "role", "users": "user", "groups": "group", "tokens": "token"}
        return [Write("PUT", _PATH, named)]


def _told(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """An entry as a key."""
    return tuple(sorted((name, str(value)) for name, value in entry.items()))


def _live(key: Key, fields: Mapping[str, Value]) -> Live:
    return Live(key, _entry(fields), dict(fields), {}, None, "", dict(fields))


def _name(fields: Mapping[str, Value]) -> str:
    """A name for an entry that no manifest named: `vms-100.amy@pve.PVEVMAdmin`."""
    where = str(fields["path"]).strip("/").replace("/", "-") or "root"
    subject = next(str(fields[kind]) for kind in _SUBJECTS if kind in fields)
    return f"{where}.{subject}.{fields['role']}"


def _needs(resource: Resource) -> list[Need]:
    fields = resource.fields
    found = [Need.firm("Role", fields["role"], "role")]
    kinds = {"user": "User", "group": "Group", "token": "APIToken"}
    found += [Need.firm(kind, fields[path], path) for path, kind in kinds.items() if path in fields]
    top, _, name = str(fields["path"]).strip("/").partition("/")
    places = {"pool": "Pool", "storage": "Storage", "vms": "Guest"}
    return [*found, *([Need(Key(places[top], "", name), "path")] if top in places and name else [])]


KIND: Kind = Kind(
    name="ACL",
    plural="acls",
    short=(),
    model=ACLSpec,
    driver=ACLDriver(),
    columns=(
        Column.of("PATH", "path"),
        Column("WHO", lambda live: next(live.fields[kind] for kind in _SUBJECTS if kind in live.fields)),
        Column.of("ROLE", "role"),
        Column("BELOW", lambda live: "yes" if live.fields.get("propagate", True) else "no"),
        Column("NAME", lambda live: live.key.name, wide=True),
    ),
    needs=_needs,
    order=90,
    example="""\
apiVersion: proxmox.io/v1
kind: ACL
metadata: { name: operators-run-production }
spec: { path: /pool/production, group: operators, role: PVEVMAdmin }
""",
)
