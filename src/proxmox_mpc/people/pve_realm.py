"""Users of a PVE realm: the cluster says whether their password is right."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from proxmox_mpc.errors import MpcError
from proxmox_mpc.people.providers import OtherWay, Proved, ProviderUnreachable
from proxmox_mpc.pve import AuthenticationFailed, Cluster, Password, PveError, Retry, SecondFactorNeeded, Target

_USER = re.compile(r"[^\s:/!@][^\s:/!]{0,60}")
_TICKET = re.compile(r"PVE\w*:[^:]+:[0-9A-Fa-f]{8}::")
"""PVE takes a ticket in the place of a password. One that was stolen ends after two hours; it must not become a login
here that goes on for a month."""


@dataclass(frozen=True)
class PveRealm:
    """One realm of one cluster; `reach` answers the cluster with the login of its context, and raises where it must not
    be reached."""

    realm: str
    reach: Callable[[], Awaitable[Target]]
    resolver: Any = None
    """Finds the cluster's hosts, where only some may be connected to."""

    async def prove(self, name: str, password: str) -> Proved | None:
        """Whom the cluster gives a ticket. PVE answers every wrong login late, whether there is the name or not."""
        typed = name.removesuffix(f"@{self.realm}")
        if not _USER.fullmatch(typed) or not password or _TICKET.match(password):
            return None
        target = replace(await self.reach(), auth=Password(f"{typed}@{self.realm}", password))
        try:
            async with Cluster(target, retry=Retry(tries=1), resolver=self.resolver) as pve:
                user = await pve.log_in()
                return self._proved(user, await _own_row(pve, user))
        except SecondFactorNeeded:
            raise OtherWay(f"{typed}@{self.realm} has a second factor on the cluster") from None
        except AuthenticationFailed:
            return None
        except PveError as error:
            raise ProviderUnreachable(f"the cluster does not answer: {error.message}", hint=error.hint) from None

    async def test(self) -> str:
        """Whether the cluster answers, with the login of its context, and knows the realm."""
        try:
            async with Cluster(await self.reach(), retry=Retry(tries=1), resolver=self.resolver) as pve:
                known = sorted(str(row["realm"]) for row in await pve.get("/access/domains") or ())
        except PveError as error:
            raise ProviderUnreachable(f"the cluster does not answer: {error.message}", hint=error.hint) from None
        if self.realm not in known:
            raise ProviderUnreachable(f"the cluster has no realm {self.realm!r}", hint=f"it has {', '.join(known)}")
        return f"the cluster answers, and has the realm {self.realm}"

    def _proved(self, user: str, row: dict[str, Any]) -> Proved | None:
        if not user.endswith(f"@{self.realm}"):
            return None
        groups = row.get("groups") or ""
        names = groups.split(",") if isinstance(groups, str) else [str(group) for group in groups]
        called = " ".join(str(row[part]) for part in ("firstname", "lastname") if row.get(part))
        return Proved(user, user, called, str(row.get("email") or ""), tuple(name for name in names if name))


async def _own_row(pve: Cluster, user: str) -> dict[str, Any]:
    """What the cluster tells somebody of themselves; nothing, where that is not allowed."""
    try:
        rows = await pve.get("/access/users", full=True)
    except MpcError:
        return {}
    listed = rows if isinstance(rows, list) else []
    return next((row for row in listed if isinstance(row, dict) and row.get("userid") == user), {})
