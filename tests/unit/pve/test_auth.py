import asyncio
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from aiohttp import web

from proxmox_mpc.pve import AuthenticationFailed, Cluster, Retry
from tests.unit.pve.fake_pve import PASSWORD, TOKEN, FakePve, FakeTime, dead_endpoint, raw, refuse, refusing

Connect = Callable[..., Cluster]
LOGIN = ("POST", "/access/ticket")
HOUR_S = 3600


class Tickets:
    """A server that hands out numbered tickets and takes only those that it knows."""

    def __init__(self, server: FakePve) -> None:
        self.given = 0
        self.valid: set[str] = set()
        self.writes: list[str | None] = []
        server.on("POST", "/access/ticket", self.login)
        server.on("GET", "/pools", self.guarded)
        server.on("POST", "/pools", self.guarded)
        server.on("GET", "/version", self.guarded)

    async def login(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if (form["username"], form["password"]) != (PASSWORD.user, PASSWORD.password):
            return refuse(401, "authentication failure")
        await asyncio.sleep(0.01)
        self.given += 1
        ticket = f"PVE:root@pam:{self.given:08X}::signature+/=="
        self.valid.add(ticket)
        data = {"username": "root@pam", "ticket": ticket, "CSRFPreventionToken": f"csrf-{self.given}"}
        return web.json_response({"data": data})

    async def guarded(self, request: web.Request) -> web.StreamResponse:
        ticket = unquote(request.cookies.get("PVEAuthCookie", ""))
        if ticket not in self.valid:
            return await raw(401, reason="permission denied - invalid PVE ticket")(request)
        if request.method != "GET":
            self.writes.append(request.headers.get("CSRFPreventionToken"))
        return web.json_response({"data": {"version": "9.1.7"} if "version" in request.path else []})


@pytest.fixture
def tickets(server: FakePve) -> Tickets:
    return Tickets(server)


async def test_a_token_travels_in_the_header_and_needs_nothing_else(server: FakePve, connect: Connect) -> None:
    server.on("POST", "/pools", None)
    async with connect() as pve:
        await pve.post("/pools", poolid="web")
    sent = server.headers[-1]
    assert sent["Authorization"] == f"PVEAPIToken={TOKEN.id}={TOKEN.secret}"
    assert not {"Cookie", "CSRFPreventionToken"} & sent.keys()
    assert server.count(*LOGIN) == 0


async def test_a_password_becomes_one_ticket_for_many_requests(tickets: Tickets, connect: Connect) -> None:
    async with connect(auth=PASSWORD) as pve:
        await asyncio.gather(*(pve.get("/pools") for _ in range(30)))
    assert tickets.given == 1


async def test_writes_carry_the_csrf_token(tickets: Tickets, connect: Connect) -> None:
    async with connect(auth=PASSWORD) as pve:
        await pve.post("/pools", poolid="web")
    assert tickets.writes == ["csrf-1"]


async def test_a_ticket_is_renewed_before_it_ends_and_only_once(
    tickets: Tickets, connect: Connect, time: FakeTime
) -> None:
    async with connect(auth=PASSWORD) as pve:
        await pve.get("/pools")
        time.seconds += 1.4 * HOUR_S
        await pve.get("/pools")
        assert tickets.given == 1
        time.seconds += 0.2 * HOUR_S
        await asyncio.gather(*(pve.get("/pools") for _ in range(30)))
    assert tickets.given == 2


async def test_a_ticket_that_is_refused_leads_to_one_fresh_login(tickets: Tickets, connect: Connect) -> None:
    async with connect(auth=PASSWORD) as pve:
        await pve.get("/pools")
        tickets.valid.clear()
        await asyncio.gather(*(pve.get("/pools") for _ in range(20)))
        assert tickets.given == 2
        tickets.valid.clear()
        await pve.post("/pools", poolid="web")
    assert tickets.given == 3
    assert tickets.writes == ["csrf-3"]


async def test_a_cluster_that_refuses_every_ticket_is_not_asked_forever(
    tickets: Tickets, server: FakePve, connect: Connect
) -> None:
    async with connect(auth=PASSWORD) as pve:
        await pve.version()
        server.on("GET", "/pools", raw(401, reason="Permission check failed"))
        with pytest.raises(AuthenticationFailed):
            await pve.get("/pools")
    assert server.count("GET", "/pools") == 2


async def test_a_wrong_password_is_asked_once_and_fails_all_who_wait(
    server: FakePve, connect: Connect, time: FakeTime
) -> None:
    server.on("POST", "/access/ticket", refusing(401, "authentication failure"))
    async with connect(auth=PASSWORD) as pve:
        results = await asyncio.gather(*(pve.get("/pools") for _ in range(5)), return_exceptions=True)
    assert {type(result) for result in results} == {AuthenticationFailed}
    assert server.count(*LOGIN) == 1
    assert time.slept == []
    error = results[0]
    assert isinstance(error, AuthenticationFailed)
    assert error.exit_code == 4
    assert error.message == "authentication failure"
    assert PASSWORD.password not in f"{error!r}{error}{error.hint}"


async def test_a_wrong_token_says_so_although_the_body_is_empty(server: FakePve, connect: Connect) -> None:
    server.on("GET", "/version", raw(401, reason="no such token 'test' for user 'root@pam'"))
    async with connect() as pve:
        with pytest.raises(AuthenticationFailed, match="no such token 'test'"):
            await pve.version()
    assert server.count("GET", "/version") == 1


async def test_a_login_fails_over_like_a_read(tickets: Tickets, server: FakePve, connect: Connect) -> None:
    async with connect(dead_endpoint(), server.url, auth=PASSWORD) as pve:
        assert await pve.get("/pools") == []


async def test_a_second_factor_leads_to_tokens(server: FakePve, connect: Connect) -> None:
    server.on("POST", "/access/ticket", {"ticket": "PVE:!tfa!...", "NeedTFA": 1, "username": "root@pam"})
    async with connect(auth=PASSWORD) as pve:
        with pytest.raises(AuthenticationFailed, match="second factor") as caught:
            await pve.version()
    assert "API token" in caught.value.hint


async def test_a_caller_that_gives_up_does_not_spoil_the_login_of_others(tickets: Tickets, connect: Connect) -> None:
    async with connect(auth=PASSWORD, retry=Retry(tries=1)) as pve:
        first = asyncio.create_task(pve.get("/pools"))
        second = asyncio.create_task(pve.get("/pools"))
        await asyncio.sleep(0.002)
        first.cancel()
        assert await second == []
    assert tickets.given == 1
