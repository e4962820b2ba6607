"""APIToken: a key with which a program acts for a user."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from proxmox_mpc.kinds._collection import Collection, Scope
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Live, Need, Resource
from proxmox_mpc.kinds._regular import CollectionDriver, regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_USERS, _FULL = "/access/users", "users with tokens"
_ITEM = f"{_USERS}/{{userid}}/token/{{tokenid}}"


class APITokenSpec(Part):
    """A token. Its name is `USER@REALM!TOKEN`. Its secret is told once: `proxmox-cli secret show` knows it then."""

    expire: int | None = field("expire", default=0, ge=0, help="When it ends, in seconds since 1970; 0: never.")
    privsep: bool | None = field(
        "privsep", default=True, help="Give it only what ACLs give it, and not all that the user may."
    )
    comment: str | None = field("comment", help="A remark.")


async def _users(view: View) -> list[dict[str, Any]]:
    """Everybody with their tokens, in one request."""
    rows: list[dict[str, Any]] = await view.once(_FULL, partial(view.pve.get, _USERS, {"full": "1"}))
    return rows


async def _scopes(view: View) -> Sequence[Scope]:
    return [{"userid": row["userid"]} for row in await _users(view)]


class TokenDriver(CollectionDriver):
    """Tokens are read with their users."""

    async def _list(self, view: View, scope: Scope) -> list[dict[str, Any]]:
        of_user = (row.get("tokens") or [] for row in await _users(view) if row["userid"] == scope["userid"])
        return [dict(token) for tokens in of_user for token in tokens]

    async def _reread(self, run: Run, resource: Resource) -> Live:
        run.view.forget(_FULL)
        return await super()._reread(run, resource)


KIND = regular(
    "APIToken",
    "apitokens",
    ("token", "tokens"),
    APITokenSpec,
    Collection(
        f"{_USERS}/{{userid}}/token",
        _ITEM,
        "tokenid",
        make=_ITEM,
        name="{userid}!{tokenid}",
        scopes=_scopes,
        comment="comment",
        # PUT deletes nothing but the comment (facts-objects.md 7).
        lasting=frozenset({"expire", "privsep"}),
        told_once="value",
    ),
    columns=(
        Column.name(),
        Column("SEPARATED", lambda live: "yes" if live.fields.get("privsep", True) else "no"),
        Column.of("EXPIRE", "expire", 0),
        Column.of("COMMENT", "comment"),
    ),
    driver=TokenDriver,
    needs=lambda resource: [Need.firm("User", resource.key.name.rpartition("!")[0], "metadata.name")],
    order=7,
    example="""\
apiVersion: proxmox.io/v1
kind: APIToken
metadata: { name: amy@pve!ci }
spec: { comment: For the build, expire: 1798761600 }
""",
)
