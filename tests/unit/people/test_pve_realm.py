"""Logins by a PVE realm, against a simulated cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from proxmox_mpc.actions.provider_test import ProviderTestRequest, provider_test
from proxmox_mpc.bootstrap.outbound import Outbound, OutboundRefused
from proxmox_mpc.bootstrap.providers import Opening
from proxmox_mpc.people.errors import LoginFailed
from proxmox_mpc.people.providers import OtherWay, ProviderUnreachable
from proxmox_mpc.simulator import Simulator
from proxmox_mpc.simulator.state.access import Group, User, hash_password
from proxmox_mpc.simulator.state.second_factors import Factor, SecondFactors
from proxmox_mpc.store import Context, LoginProvider, Store
from tests.people import OWNER, PASSWORD, Server


@pytest.fixture
def database() -> str:
    """What a cluster answers does not depend on the database."""
    return "sqlite"


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(preset="demo", tls=False, time_scale=0.0) as one:
        access = one.cluster.access
        access.users["amy@pve"] = User(
            password=hash_password(PASSWORD),
            fields={"firstname": "Amy", "lastname": "Pond", "email": "amy@example.org"},
        )
        access.users["bob@pve"] = User(password=hash_password(PASSWORD), enable=False)
        access.groups["ops"] = Group(members=["amy@pve"])
        yield one


@pytest.fixture
async def server(store: Store, sim: Simulator, quick_passwords: None) -> Server:
    token_id, _, secret = sim.token.partition("=")
    await store.contexts.save(Context("lab", (sim.url,), token_id=token_id, token_secret=secret))
    await store.groups.create("operators")
    settings = {"type": "pve", "context": "lab", "realm": "pve"}
    await store.login_providers.put(LoginProvider("lab", "pve", settings, {"operators": ["ops"]}))
    return Server(store)


async def test_who_has_a_password_there_comes_in_with_the_groups_there(server: Server) -> None:
    for name in ("amy", "amy@pve"):
        assert (await server.login(name, provider="lab")).user == "amy@pve"
    user = await server.store.users.get("amy@pve")
    assert (user.provider, user.external_id, user.display_name) == ("lab", "amy@pve", "Amy Pond")
    assert user.email == "amy@example.org"
    assert await server.store.groups.of_user(user.id) == ["operators"]


async def test_names_there_may_have_capitals(server: Server, sim: Simulator) -> None:
    sim.cluster.access.users["Dan@pve"] = User(password=hash_password(PASSWORD))
    sim.cluster.access.groups["ops"].members.append("Dan@pve")
    assert (await server.login("Dan", provider="lab")).user == "dan@pve"
    with pytest.raises(LoginFailed):
        await server.login("dan", provider="lab")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("amy", "a wrong password"),
        ("nobody", PASSWORD),
        ("bob", PASSWORD),
        ("amy", ""),
        ("amy@pam", PASSWORD),
        ("root@pam", PASSWORD),
        ("amy/../x", PASSWORD),
        ("a:b", PASSWORD),
        ("amy pond", PASSWORD),
    ],
)
async def test_others_do_not(server: Server, name: str, password: str) -> None:
    with pytest.raises(LoginFailed):
        await server.login(name, password, provider="lab")
    assert await server.store.users.list() == []


async def test_root_of_another_realm_does_not_come_in_by_this_one(server: Server, sim: Simulator) -> None:
    with pytest.raises(LoginFailed):
        await server.login("root@pam", sim.password, provider="lab")


async def test_a_ticket_is_no_password(server: Server, sim: Simulator) -> None:
    """PVE takes one for a password: who stole a ticket would turn two hours into a month."""
    from proxmox_mpc.simulator import _tickets

    ticket = _tickets.make_ticket(sim.cluster, "amy@pve")
    asked = len(sim.requests)
    with pytest.raises(LoginFailed):
        await server.login("amy", ticket, provider="lab")
    assert len(sim.requests) == asked


async def test_who_has_a_second_factor_is_told_another_way(server: Server, sim: Simulator) -> None:
    uri = "otpauth://totp/pve:amy?secret=JBSWY3DPEHPK3PXP"
    sim.cluster.access.users["amy@pve"].second = SecondFactors([Factor("1", "totp", "phone", 0, uri=uri)])
    with pytest.raises(OtherWay, match="second factor") as caught:
        await server.login("amy", provider="lab")
    assert "OIDC" in caught.value.hint
    with pytest.raises(LoginFailed) as wrong:
        await server.login("amy", "a wrong password", provider="lab")
    assert not isinstance(wrong.value, OtherWay)
    assert [entry.outcome for entry in server.written] == ["auth.second-factor", "auth.login-failed"]


async def test_a_cluster_that_is_away_is_said_to_be(server: Server, sim: Simulator) -> None:
    await server.store.contexts.save(
        Context("lab", ("http://127.0.0.1:9",), token_id="root@pam!x", token_secret="hunter2-token")
    )
    with pytest.raises(ProviderUnreachable) as caught:
        await server.login("amy", provider="lab")
    assert "hunter2" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)  # who is not logged in need not know where it is
    await server.store.contexts.delete("lab")
    with pytest.raises(ProviderUnreachable, match="no context"):
        await server.ask(OWNER, provider_test, ProviderTestRequest(name="lab"))


async def test_a_server_asks_no_cluster_that_it_must_not_reach(server: Server, sim: Simulator) -> None:
    provider = await server.store.login_providers.get("lab")
    opened = await Opening(server.store, server.store.users.database.now, Outbound()).open(provider)
    asked = len(sim.requests)
    with pytest.raises(OutboundRefused):
        await opened.prove("amy", PASSWORD)
    assert len(sim.requests) == asked


async def test_it_is_tested_whether_the_realm_is_there(server: Server) -> None:
    async def tested() -> str:
        return (await server.ask(OWNER, provider_test, ProviderTestRequest(name="lab"))).detail

    assert "realm pve" in await tested()
    settings = {"type": "pve", "context": "lab", "realm": "corp"}
    await server.store.login_providers.put(LoginProvider("lab", "pve", settings, {}))
    with pytest.raises(ProviderUnreachable, match="no realm 'corp'"):
        await tested()
