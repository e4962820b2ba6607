"""Realms, users, tokens, groups, roles and the access control list; no passwords, second factors, token secrets."""

from __future__ import annotations

from proxmox_mpc.generators.twin._reader import Asked, Reader

# Always there: they can be changed, not made.
_BUILT_IN_REALMS = frozenset({"pam", "pve"})
_ROOT = "root@pam"
# The twin's own: the simulator makes it, with a secret of its own.
_OWN_TOKEN = (_ROOT, "proxmox-mpc")


async def requests(reader: Reader) -> list[Asked]:
    """The requests that make them, in an order in which each finds what it names."""
    return [
        *await _realms(reader),
        *[reader.ask("POST", "/access/groups", row) for row in await reader.rows("/access/groups")],
        *[
            reader.ask("POST", "/access/roles", row)
            for row in await reader.rows("/access/roles")
            if not row.get("special")
        ],
        *await _users(reader),
        *await _rules(reader),
    ]


async def _realms(reader: Reader) -> list[Asked]:
    found = []
    for row in await reader.rows("/access/domains"):
        name = row["realm"]
        whole = {**row, **(await reader.get("/access/domains/{realm}", realm=name) or {})}
        if name in _BUILT_IN_REALMS:
            found.append(reader.ask("PUT", "/access/domains/{realm}", whole, realm=name))
        else:
            found.append(reader.ask("POST", "/access/domains", whole, realm=name))
    return found


async def _users(reader: Reader) -> list[Asked]:
    found = []
    for row in await reader.rows("/access/users", full=1):
        user = row["userid"]
        plain = {k: v for k, v in row.items() if k not in ("tokens", "groups")}
        if row.get("groups"):
            plain["groups"] = row["groups"] if isinstance(row["groups"], str) else ",".join(row["groups"])
        if user == _ROOT:
            found.append(reader.ask("PUT", "/access/users/{userid}", plain, userid=user))
        else:
            found.append(reader.ask("POST", "/access/users", plain))
        for token in row.get("tokens") or []:
            if (user, token["tokenid"]) != _OWN_TOKEN:
                found.append(reader.ask("POST", "/access/users/{userid}/token/{tokenid}", token, userid=user))
    return found


async def _rules(reader: Reader) -> list[Asked]:
    return [
        reader.ask("PUT", "/access/acl", row, roles=row["roleid"], **{f"{row['type']}s": row["ugid"]})
        for row in await reader.rows("/access/acl")
    ]
