"""Grant a role."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._access import EVERY, Grant
from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._people import must_hold, not_oneself, not_own_group, permissions_of, places
from proxmox_mpc.actions._people_views import RoleGrantView
from proxmox_mpc.actions._roles import BUILT_IN
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import Name, Place, UserName
from proxmox_mpc.errors import UsageError


class GrantAddRequest(Request):
    """A role for a user or a group."""

    role: Name = Field(description="viewer, operator, admin, or a role that people made.")
    user: UserName | None = Field(default=None, description="The user who gets it.")
    group: Name | None = Field(default=None, description="The group whose members get it.")
    contexts: list[Place] = Field(
        default=[EVERY], description="The contexts where it holds; * for all.", min_length=1, max_length=200
    )
    namespaces: list[Place] = Field(
        default=[EVERY], description="The namespaces where it holds; * for all.", min_length=1, max_length=200
    )


class GrantAddResult(Result):
    """The grant; `remarks` tell of contexts that there are none of by now."""

    grant: RoleGrantView
    remarks: list[str] = []


class GrantExists(UsageError):
    """That is granted already."""

    code = "grant.exists"
    http_status = 409


@action(permission="grants:write", route="POST /grants", scope="server", status=201, writes=True)
async def grant_add(session: Session, request: GrantAddRequest) -> GrantAddResult:
    """Grant a role to a user or a group. You need all that it permits there, and cannot grant to yourself."""
    if (request.user is None) == (request.group is None):
        raise UsageError("a role is granted to a user or to a group")
    store = await session.store()
    contexts, namespaces = places(request.contexts), places(request.namespaces)
    must_hold(session, [Grant(await permissions_of(store, request.role), contexts, namespaces)])
    if request.user is not None:
        user = await store.users.get(request.user)
        not_oneself(session, user.id)
        subject, names = ("user", user.id), {user.id: user.name}
    else:
        group = await store.groups.get(str(request.group))
        await not_own_group(session, group.name)
        subject, names = ("group", group.name), {}
    for one in await store.grants.list():
        same = (one.subject_type, one.subject, one.role) == (subject[0], subject[1], request.role)
        if same and set(one.contexts) == set(contexts) and set(one.namespaces) == set(namespaces):
            raise GrantExists(f"{request.user or request.group} is {request.role} there already, by grant {one.id}")
    known = [context.name for context in await store.contexts.list()]
    unknown = [name for name in contexts if name not in (EVERY, *known)]
    built_in = request.role in BUILT_IN
    grant = await store.grants.add(
        "user" if request.user is not None else "group",
        subject[1],
        request.role,
        contexts,
        namespaces,
        built_in=built_in,
    )
    remarks = [f"there is no context {name!r} yet; known: {', '.join(known) or 'none'}" for name in unknown]
    return GrantAddResult(grant=RoleGrantView.of(grant, names), remarks=remarks)
