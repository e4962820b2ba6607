"""Say by which providers people log in."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.people.provider_settings import BY_BROWSER
from proxmox_mpc.store.people_records import LOCAL


class LoginWaysRequest(Request):
    """All ways to log in."""


class LoginWay(Result):
    """A provider, and whether it takes a password or sends a browser elsewhere."""

    name: str
    by: Literal["password", "browser"]


class LoginWaysResult(Result):
    """The ways to log in, this server's own users first."""

    items: list[LoginWay]


@action(permission="sessions:write", route="GET /auth/providers", scope="public")
async def login_ways(session: Session, request: LoginWaysRequest) -> LoginWaysResult:
    """Say by which providers people log in, for who is about to: names, nothing else."""
    found = [one for one in await (await session.store()).login_providers.list() if one.enabled]
    ways = [LoginWay(name=one.name, by="browser" if one.type in BY_BROWSER else "password") for one in found]
    return LoginWaysResult(items=[LoginWay(name=LOCAL, by="password"), *ways])
