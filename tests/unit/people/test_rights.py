"""What people may: nobody gets more than they were given, by whatever way they try."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from proxmox_mpc.actions._access import Access, Grant, Who, covers, holds
from proxmox_mpc.actions._authentication import user_acting
from proxmox_mpc.actions._gate import NotAllowed
from proxmox_mpc.actions._logins import OnlyByLogin
from proxmox_mpc.actions._ordering import limits_of
from proxmox_mpc.actions._people import NotYours, OwnRights, PermissionUnknown, known_permissions
from proxmox_mpc.actions._roles import BUILT_IN
from proxmox_mpc.actions.audit_list import AuditListRequest, audit_list
from proxmox_mpc.actions.grant_add import GrantAddRequest, grant_add
from proxmox_mpc.actions.grant_list import GrantListRequest, grant_list
from proxmox_mpc.actions.grant_remove import GrantRemoveRequest, grant_remove
from proxmox_mpc.actions.group_delete import GroupDeleteRequest, group_delete
from proxmox_mpc.actions.group_set import GroupSetRequest, group_set
from proxmox_mpc.actions.password_change import PasswordChangeRequest, password_change
from proxmox_mpc.actions.role_create import RoleCreateRequest, role_create
from proxmox_mpc.actions.role_set import RoleSetRequest, role_set
from proxmox_mpc.actions.session_list import SessionListRequest, session_list
from proxmox_mpc.actions.session_revoke import SessionRevokeRequest, SessionUnknown, session_revoke
from proxmox_mpc.actions.token_create import TokenCreateRequest, TokenCreateResult, token_create
from proxmox_mpc.actions.token_list import TokenListRequest, token_list
from proxmox_mpc.actions.token_revoke import TokenRevokeRequest, TokenUnknown, token_revoke
from proxmox_mpc.actions.user_create import UserCreateRequest, user_create
from proxmox_mpc.actions.user_delete import UserDeleteRequest, user_delete
from proxmox_mpc.actions.user_get import UserGetRequest, user_get
from proxmox_mpc.actions.user_list import UserListRequest, user_list
from proxmox_mpc.actions.user_password import UserPasswordRequest, user_password
from proxmox_mpc.actions.user_set import UserSetRequest, user_set
from proxmox_mpc.actions.user_unlock import UserUnlockRequest, user_unlock
from proxmox_mpc.bootstrap.jobs import who_of
from proxmox_mpc.errors import DeniedError
from proxmox_mpc.people import limits, personal_tokens
from proxmox_mpc.people.errors import LoginFailed, NotLoggedIn, TooManyAttempts
from proxmox_mpc.store import LastAdmin, NewJob, Role, Store
from tests.people import OWNER, PASSWORD, Server
from tests.unit.store.conftest import FakeNow

MANAGING = ("users:*", "groups:*", "roles:*", "grants:*", "resources:read")
"""What somebody may who manages people, and is no admin."""

PERMISSION = st.tuples(st.sampled_from(["jobs", "users", "resources"]), st.sampled_from(["read", "write"])).map(
    ":".join
)
PATTERN = st.sampled_from(["*", "*:*", "jobs:*", "*:read", "users:write", "resources:read", "jobs:read", "users:*"])
PLACES = st.lists(st.sampled_from(["*", "home", "away"]), min_size=1, max_size=2).map(tuple)
GRANT = st.builds(Grant, st.lists(PATTERN, min_size=1, max_size=2).map(tuple), PLACES, PLACES)
PLACE = st.sampled_from(["*", "home", "away", "elsewhere"])


@given(st.lists(GRANT, max_size=3).map(tuple), GRANT, PERMISSION, PLACE, PLACE)
def test_limits_never_allow_more(
    grants: tuple[Grant, ...], limit: Grant, permission: str, context: str, namespace: str
) -> None:
    whole, narrow = Access(grants), Access(grants, limit)
    assert not narrow.allows(permission, context, namespace) or whole.allows(permission, context, namespace)
    assert not narrow.allows(permission, context, namespace) or limit.allows(permission, context, namespace)
    assert not narrow.allows_somewhere(permission, context) or whole.allows_somewhere(permission, context)
    assert not narrow.is_unlimited
    assert set(narrow.contexts(["home", "away"])) <= set(whole.contexts(["home", "away"]))


@given(st.lists(GRANT, max_size=3).map(tuple), st.lists(GRANT, max_size=3).map(tuple), PERMISSION, PLACE, PLACE)
def test_what_two_have_to_be_allowed_both_are(
    mine: tuple[Grant, ...], theirs: tuple[Grant, ...], permission: str, context: str, namespace: str
) -> None:
    one, other = Access(mine), Access(theirs)
    both = one.within(other)
    wanted = (permission, context, namespace)
    assert both.allows(*wanted) == (one.allows(*wanted) and other.allows(*wanted))
    assert not both.is_unlimited or (one.is_unlimited and other.is_unlimited)
    assert not both.allows_somewhere(permission, context) or other.allows_somewhere(permission, context)
    assert set(both.contexts(["home", "away"])) <= set(other.contexts(["home", "away"]))


@given(st.lists(GRANT, max_size=3).map(tuple), st.none() | GRANT, GRANT, PERMISSION, PLACE, PLACE)
def test_who_holds_a_grant_may_all_that_it_permits(
    grants: tuple[Grant, ...], limit: Grant | None, given_away: Grant, permission: str, context: str, namespace: str
) -> None:
    access = Access(grants, limit)
    if holds(access, given_away) and given_away.allows(permission, context, namespace):
        assert access.allows(permission, context, namespace)


@given(GRANT)
def test_an_admin_holds_everything_and_nobody_holds_nothing(grant: Grant) -> None:
    assert holds(Access.everything(), grant)
    assert holds(Access((grant,)), grant) or len(grant.permissions) > 1
    assert not holds(Access(), grant)


def test_built_in_roles_are_what_they_say() -> None:
    known = known_permissions()

    def permits(role: str, permission: str) -> bool:
        return any(covers(pattern, permission) for pattern in BUILT_IN[role][1])

    people = [one for one in known if one.split(":")[0] in ("users", "groups", "roles", "grants", "audit", "tokens")]
    values = [one for one in known if one.startswith("secret_values")]
    assert len(people) > 8
    assert values
    for role in ("viewer", "operator"):
        assert not any(permits(role, permission) for permission in [*people, *values, "system:write"])
    assert not any(permits("viewer", permission) for permission in known if permission.endswith(":write"))
    assert permits("operator", "resources:write")
    assert all(permits("admin", permission) for permission in known)


@pytest.fixture
async def server(store: Store, quick_passwords: None) -> Server:
    """Root is the admin, eve manages people and is no admin; amy operates home, bob has nothing."""
    server = Server(store)
    await server.user("root", "admin")
    await store.roles.create(Role("manager", "", MANAGING))
    eve = await server.user("eve")
    await store.grants.add("user", eve.id, "manager", ["*"], ["*"], built_in=False)
    await server.user("amy", "operator", "home")
    await server.user("bob")
    await store.groups.create("admins")
    await store.grants.add("group", "admins", "admin", ["home"], ["*"], built_in=True)
    await store.groups.create("lookers")
    await store.roles.create(Role("looker", "", ("resources:read",)))
    await store.grants.add("group", "lookers", "looker", ["home"], ["*"], built_in=False)
    return server


ESCALATIONS: dict[str, Callable[[Server, Who], Awaitable[object]]] = {
    "make somebody admin": lambda s, w: s.ask(w, grant_add, GrantAddRequest(role="admin", user="bob")),
    "make somebody operator": lambda s, w: s.ask(w, grant_add, GrantAddRequest(role="operator", user="bob")),
    "in one namespace": lambda s, w: s.ask(
        w, grant_add, GrantAddRequest(role="operator", user="bob", contexts=["home"], namespaces=["shop"])
    ),
    "to a group": lambda s, w: s.ask(w, grant_add, GrantAddRequest(role="admin", group="lookers")),
    "oneself": lambda s, w: s.ask(w, grant_add, GrantAddRequest(role="looker", user="eve")),
    "into the admins' group": lambda s, w: s.ask(w, group_set, GroupSetRequest(name="admins", add=["bob"])),
    "oneself into a group": lambda s, w: s.ask(w, group_set, GroupSetRequest(name="lookers", add=["eve"])),
    "a role with everything": lambda s, w: s.ask(w, role_create, RoleCreateRequest(name="x", permissions=["*"])),
    "a role with one more": lambda s, w: s.ask(
        w, role_create, RoleCreateRequest(name="x", permissions=["users:read", "secret_values:*"])
    ),
    "make a role more": lambda s, w: s.ask(w, role_set, RoleSetRequest(name="looker", permissions=["*"])),
    "make one's own role more": lambda s, w: s.ask(w, role_set, RoleSetRequest(name="manager", permissions=["*"])),
    "make one's own role less": lambda s, w: s.ask(
        w, role_set, RoleSetRequest(name="manager", permissions=["users:*"])
    ),
    "the admin's password": lambda s, w: s.ask(w, user_password, UserPasswordRequest(name="root")),
    "an operator's password": lambda s, w: s.ask(w, user_password, UserPasswordRequest(name="amy")),
    "the admin's address": lambda s, w: s.ask(w, user_set, UserSetRequest(name="root", email="eve@example.org")),
    "disable the admin": lambda s, w: s.ask(w, user_set, UserSetRequest(name="root", disabled=True)),
    "delete the admin": lambda s, w: s.ask(w, user_delete, UserDeleteRequest(name="root")),
    "take the admin's role": lambda s, w: s.ask(w, grant_remove, GrantRemoveRequest(id=1)),
    "delete the admins": lambda s, w: s.ask(w, group_delete, GroupDeleteRequest(name="admins")),
    "delete oneself": lambda s, w: s.ask(w, user_delete, UserDeleteRequest(name="eve")),
    "see the audit": lambda s, w: s.ask(w, audit_list, AuditListRequest()),
    "see all tokens": lambda s, w: s.ask(w, token_list, TokenListRequest(all=True)),
    "see all sessions": lambda s, w: s.ask(w, session_list, SessionListRequest(all=True)),
}


@pytest.mark.parametrize("way", ESCALATIONS)
async def test_who_manages_people_gets_no_further(way: str, server: Server) -> None:
    eve = await server.enter("eve")
    before = [await server.store.grants.list(), await server.store.groups.list(), await server.store.users.list()]
    with pytest.raises(NotAllowed):
        await ESCALATIONS[way](server, eve)
    after = [await server.store.grants.list(), await server.store.groups.list(), await server.store.users.list()]
    assert after == before
    assert [entry.type for entry in server.written] == ["login", "denial"]


async def test_who_manages_people_does_what_it_is_for(server: Server) -> None:
    eve = await server.enter("eve")
    made = await server.ask(eve, user_create, UserCreateRequest(name="Dan", email="dan@example.org"))
    assert made.user.name == "dan"
    assert (await server.login("dan", made.secret)).must_change_password
    await server.ask(eve, group_set, GroupSetRequest(name="lookers", add=["dan"]))
    assert (await server.enter("dan", made.secret)).access.allows("resources:read", "home")
    granted = await server.ask(eve, grant_add, GrantAddRequest(role="looker", user="bob", contexts=["home", "home"]))
    assert granted.grant.contexts == ["home"]
    listed = await server.ask(eve, grant_list, GrantListRequest(user="bob"))
    assert [(one.subject, one.role) for one in listed.items] == [("bob", "looker")]
    shown = await server.ask(eve, user_get, UserGetRequest(name="bob"))
    assert [one.role for one in shown.grants] == ["looker"]
    await server.ask(eve, grant_remove, GrantRemoveRequest(id=granted.grant.id))
    assert not (await server.enter("bob")).access.grants
    reset = await server.ask(eve, user_password, UserPasswordRequest(name="bob"))
    with pytest.raises(LoginFailed):
        await server.login("bob")
    assert (await server.login("bob", reset.secret)).must_change_password
    assert all(
        user.name in "amy bob dan eve root" for user in (await server.ask(eve, user_list, UserListRequest())).items
    )
    await server.ask(eve, user_delete, UserDeleteRequest(name="dan"))


async def test_who_holds_something_in_one_context_manages_nobody(server: Server) -> None:
    dan = await server.user("dan", "admin", "home")
    who = await server.enter(dan.name)
    assert who.access.allows("users:write", "home")
    for action, request in (
        (user_create, UserCreateRequest(name="x")),
        (grant_add, GrantAddRequest(role="viewer", user="bob", contexts=["home"])),
        (audit_list, AuditListRequest()),
    ):
        with pytest.raises(NotAllowed):
            await server.ask(who, action, request)  # type: ignore[arg-type]


async def test_the_last_admin_stays_also_for_the_owner_of_the_machine(server: Server) -> None:
    root = await server.enter("root")
    for action, request in (
        (user_delete, UserDeleteRequest(name="root")),
        (user_set, UserSetRequest(name="root", disabled=True)),
        (grant_remove, GrantRemoveRequest(id=1)),
    ):
        with pytest.raises(OwnRights):
            await server.ask(root, action, request)  # type: ignore[arg-type]
        with pytest.raises(LastAdmin):
            await server.ask(OWNER, action, request)  # type: ignore[arg-type]
    await server.ask(OWNER, grant_add, GrantAddRequest(role="admin", user="bob"))
    await server.ask(OWNER, grant_remove, GrantRemoveRequest(id=1))
    assert not (await server.enter("root")).access.grants


@pytest.mark.parametrize("pattern", ["nonsense:*", "*:nonsense", "resources:delete", "resource:read"])
async def test_a_role_holds_only_permissions_that_there_are(pattern: str, server: Server) -> None:
    with pytest.raises(PermissionUnknown):
        await server.ask(OWNER, role_create, RoleCreateRequest(name="x", permissions=["jobs:read", pattern][1:]))
    with pytest.raises(PermissionUnknown):
        await server.ask(OWNER, role_set, RoleSetRequest(name="looker", permissions=[pattern]))


@pytest.mark.parametrize("name", ["", "a b", "../x", "x\n", "x\x00", "-x", "é" * 3, "x" * 65, "a;drop table users"])
def test_names_are_plain(name: str) -> None:
    makes: list[Callable[[], object]] = [
        lambda: RoleCreateRequest(name=name, permissions=["*"]),
        lambda: GrantAddRequest(role=name, user="x"),
        lambda: GrantAddRequest(role="viewer", user="x", contexts=[name]),
        lambda: TokenCreateRequest(name=name),
    ]
    for make in [*makes, *([] if name == "x\n" else [lambda: UserCreateRequest(name=name)])]:
        with pytest.raises(ValidationError):
            make()


async def token(server: Server, who: Who, **limits: list[str]) -> TokenCreateResult:
    return await server.ask(who, token_create, TokenCreateRequest(name="ci", **limits))  # type: ignore[arg-type]


async def test_a_token_may_what_its_user_may_within_its_limits_also_later(server: Server, now: FakeNow) -> None:
    root = await server.enter("root")
    made = await token(server, root, scopes=["resources:*"], contexts=["home"])
    assert re.fullmatch(r"pmpc_[0-9A-Za-z]{50}", made.token)
    assert made.token not in repr(made)
    who = await server.who(made.token)
    assert (who.name, who.token_id, who.login_id) == ("root", made.id, "")
    assert who.access.allows("resources:write", "home")
    assert not who.access.allows("resources:write", "away")
    assert not who.access.allows("users:read", "home")
    await server.ask(OWNER, grant_add, GrantAddRequest(role="admin", user="bob"))
    await server.ask(OWNER, grant_remove, GrantRemoveRequest(id=1))
    assert not (await server.who(made.token)).access.allows("resources:read", "home")
    now.pass_(days=90)
    with pytest.raises(NotLoggedIn):
        await server.who(made.token)


async def test_a_token_with_the_right_to_manage_people_manages_none_who_may_more(server: Server) -> None:
    root = await server.enter("root")
    who = await server.who((await token(server, root, scopes=["users:*", "grants:*"])).token)
    for action, request in (
        (user_password, UserPasswordRequest(name="amy")),
        (grant_add, GrantAddRequest(role="viewer", user="bob")),
    ):
        with pytest.raises(NotYours):
            await server.ask(who, action, request)  # type: ignore[arg-type]
    await server.ask(who, user_password, UserPasswordRequest(name="bob"))


async def test_a_leaked_token_makes_no_other_and_keeps_nobody_out(server: Server) -> None:
    root = await server.enter("root")
    made = await token(server, root)
    other = await server.ask(root, token_create, TokenCreateRequest(name="other"))
    who = await server.who(made.token)
    change = PasswordChangeRequest(current_password=PASSWORD, new_password="a new password entirely")
    for action, request in (
        (token_create, TokenCreateRequest(name="more")),
        (password_change, change),
        (session_revoke, SessionRevokeRequest(id=root.login_id)),
    ):
        with pytest.raises(OnlyByLogin):
            await server.ask(who, action, request)  # type: ignore[arg-type]
    with pytest.raises(TokenUnknown):
        await server.ask(who, token_revoke, TokenRevokeRequest(id=other.id))
    await server.ask(who, token_revoke, TokenRevokeRequest(id=made.id))
    with pytest.raises(NotLoggedIn):
        await server.who(made.token)
    assert (await server.who(other.token)).name == "root"


async def test_tokens_and_sessions_of_others_are_not_there(server: Server) -> None:
    amy, bob = await server.enter("amy"), await server.enter("bob")
    made = await token(server, amy)
    assert (await server.ask(bob, token_list, TokenListRequest())).items == []
    assert [one.user for one in (await server.ask(bob, session_list, SessionListRequest())).items] == ["bob"]
    for id in (made.id, "ci", "no such token"):
        with pytest.raises(TokenUnknown) as caught:
            await server.ask(bob, token_revoke, TokenRevokeRequest(id=id))
        assert caught.value.message == f"there is no token {id!r}"
    with pytest.raises(SessionUnknown):
        await server.ask(bob, session_revoke, SessionRevokeRequest(id=amy.login_id))
    root = await server.enter("root")
    listed = (await server.ask(root, token_list, TokenListRequest(all=True))).items
    assert [(one.user, one.name) for one in listed] == [("amy", "ci")]
    await server.ask(root, token_revoke, TokenRevokeRequest(id=made.id))
    await server.ask(root, session_revoke, SessionRevokeRequest(id=amy.login_id))
    sessions = (await server.ask(root, session_list, SessionListRequest(all=True))).items
    assert [one.user for one in sessions if one.current] == ["root"]
    with pytest.raises(SessionUnknown):
        await server.ask(root, session_revoke, SessionRevokeRequest(id=amy.login_id))


async def test_a_token_with_another_secret_is_none(server: Server) -> None:
    made = await token(server, await server.enter("amy"))
    _, other = personal_tokens.new()
    body = made.id + other[len("pmpc_") + len(made.id) : -6]
    with pytest.raises(NotLoggedIn):
        await server.who(f"pmpc_{body}{personal_tokens._checksum(body)}")
    assert (await server.who(made.token)).name == "amy"


async def test_an_unlocked_user_may_try_again(server: Server) -> None:
    for number in range(limits.BY_NAME.failures):
        with pytest.raises(LoginFailed):
            await server.login("amy", "wrong", f"6.6.6.{number}")
    with pytest.raises(TooManyAttempts):
        await server.login("amy")
    root = await server.enter("root")
    assert (await server.ask(root, user_get, UserGetRequest(name="amy"))).locked_s > 0
    await server.ask(root, user_unlock, UserUnlockRequest(name="amy"))
    assert (await server.login("amy")).user == "amy"
    assert (await server.ask(root, user_get, UserGetRequest(name="amy"))).locked_s == 0


async def test_a_job_may_what_its_user_may_when_it_runs(server: Server) -> None:
    limit = Grant(("resources:read",))
    assert (await user_acting(server.store, "id-amy")).access.allows("resources:write", "home")
    assert not (await user_acting(server.store, "id-amy", limit)).access.allows("resources:write", "home")
    await server.ask(OWNER, user_set, UserSetRequest(name="amy", disabled=True))
    for gone in ("id-amy", "nobody"):
        with pytest.raises(DeniedError):
            await user_acting(server.store, gone)


async def test_one_who_must_change_the_password_may_nothing_by_a_token_either(server: Server) -> None:
    made = await token(server, await server.enter("root"))
    await server.store.users.set("id-root", {"must_change_password": True})
    with pytest.raises(DeniedError, match="password"):
        await server.ask(await server.who(made.token), user_list, UserListRequest())
    assert replace(await server.who(made.token), must_change_password=False).access.allows("users:read")


async def test_what_a_token_asked_for_ends_with_it(server: Server) -> None:
    root = await server.enter("root")
    made = await token(server, root)
    by_token = await server.who(made.token)
    job = await server.store.jobs.add(NewJob("explain", {}, "root", user_id=root.user_id, limits=limits_of(by_token)))
    assert (await who_of(server.store, job)).user_id == root.user_id
    await server.ask(root, token_revoke, TokenRevokeRequest(id=made.id))
    with pytest.raises(NotLoggedIn):
        await who_of(server.store, job)
