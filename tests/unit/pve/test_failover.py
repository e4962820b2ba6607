import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from proxmox_mpc.errors import UnreachableError
from proxmox_mpc.pve import Cluster, ClusterUnreachable, ConnectionLost, Retry
from tests.unit.pve.fake_pve import FakePve, FakeTime, dead_endpoint, hang_up

Connect = Callable[..., Cluster]
POOLS = ("GET", "/pools")


async def test_a_dead_endpoint_is_passed_over_and_told_once(
    server: FakePve, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on("GET", "/pools", [])
    dead = dead_endpoint()
    async with connect(dead, server.url) as pve:
        assert await pve.get("/pools") == []
    assert server.count(*POOLS) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert dead in line
    assert "connection refused" in line


async def test_a_write_fails_over_too_when_no_connection_could_be_opened(server: FakePve, connect: Connect) -> None:
    server.on("POST", "/pools", None)
    async with connect(dead_endpoint(), server.url) as pve:
        assert await pve.post("/pools", poolid="web") is None
    assert server.count("POST", "/pools") == 1


async def test_the_first_endpoint_is_preferred(server: FakePve, connect: Connect) -> None:
    async with FakePve().serving() as second:
        async with connect(server.url, second.url) as pve:
            await pve.version()
        assert (len(server.seen), len(second.seen)) == (1, 0)


async def test_a_failed_endpoint_rests_ever_longer_and_comes_back(
    server: FakePve, connect: Connect, time: FakeTime
) -> None:
    async with FakePve().serving() as second:
        server.on("GET", "/pools", hang_up, hang_up, hang_up, hang_up, [])
        second.on("GET", "/pools", [])
        async with connect(server.url, second.url, retry=Retry(tries=1)) as pve:
            await pve.get("/pools")
            first_failures = server.count(*POOLS)
            assert first_failures >= 1
            time.seconds += 1.9
            await pve.get("/pools")
            assert server.count(*POOLS) == first_failures  # resting
            time.seconds += 0.2
            await pve.get("/pools")
            second_failures = server.count(*POOLS)
            assert second_failures > first_failures  # tried again, in vain
            time.seconds += 2.1
            await pve.get("/pools")
            assert server.count(*POOLS) == second_failures  # rests longer now
            time.seconds += 60
            await pve.get("/pools")
            await pve.get("/pools")
            assert server.count(*POOLS) == second_failures + 2  # and is back for good


async def test_a_write_whose_connection_broke_is_sent_nowhere_else(server: FakePve, connect: Connect) -> None:
    server.on("POST", "/pools", hang_up)
    async with FakePve().serving() as second, connect(server.url, second.url) as pve:
        with pytest.raises(ConnectionLost) as caught:
            await pve.post("/pools", poolid="web")
        assert "POST" not in [method for method, _ in second.seen]
    assert "may or may not have been carried out" in caught.value.message
    assert "proxmox-cli tasks" in caught.value.hint


@pytest.mark.parametrize("verb", ["post", "put", "delete"])
async def test_a_broken_write_reaches_the_server_once(server: FakePve, connect: Connect, verb: str) -> None:
    path = "/pools" if verb == "post" else "/pools/web"
    server.on(verb.upper(), path, hang_up)
    async with connect() as pve:
        await pve.version()
        template = "/pools" if verb == "post" else "/pools/{poolid}"
        with pytest.raises(ConnectionLost):
            await getattr(pve, verb)(template, poolid="web")
    assert server.count(verb.upper(), path) == 1


async def test_all_endpoints_down_names_each_with_its_reason(connect: Connect) -> None:
    first, second = dead_endpoint(), dead_endpoint()
    async with connect(first, second) as pve:
        with pytest.raises(UnreachableError) as caught:
            await pve.version()
    assert type(caught.value) is ClusterUnreachable
    assert caught.value.exit_code == 7
    assert f"{first}: connection refused" in caught.value.message
    assert f"{second}: connection refused" in caught.value.message


async def test_a_cluster_that_never_answered_is_given_up_at_once(connect: Connect, time: FakeTime) -> None:
    async with connect(dead_endpoint()) as pve:
        with pytest.raises(ClusterUnreachable):
            await pve.version()
    assert time.slept == []


async def test_an_outage_in_the_middle_is_waited_out(server: FakePve, connect: Connect, time: FakeTime) -> None:
    server.on("GET", "/pools", hang_up, hang_up, hang_up, hang_up, [{"poolid": "web"}])
    async with connect() as pve:
        await pve.version()
        assert await pve.get("/pools") == [{"poolid": "web"}]
    assert time.slept


async def test_an_unknown_host_is_called_that(connect: Connect) -> None:
    async with connect("no-such-host.invalid") as pve:
        with pytest.raises(ClusterUnreachable, match="host name is unknown"):
            await pve.version()


async def test_a_pooled_connection_that_was_closed_is_replaced_silently(
    server: FakePve, connect: Connect, time: FakeTime
) -> None:
    """The server takes the second request on a kept connection and closes it, as PVE does after a while."""
    server.on("GET", "/pools", [], hang_up, [{"poolid": "web"}])
    async with connect() as pve:
        assert await pve.get("/pools") == []
        assert await pve.get("/pools") == [{"poolid": "web"}]
    assert time.slept == []
    assert server.count(*POOLS) == 3


async def test_a_write_does_not_trust_a_pooled_connection(server: FakePve, connect: Connect) -> None:
    """The server hangs up on any second request of a connection: a write would not know whether it arrived."""
    used = set[int]()

    async def only_fresh(request: web.Request) -> web.StreamResponse:
        if id(request.transport) in used:
            return await hang_up(request)
        used.add(id(request.transport))
        return web.json_response({"data": None})

    server.on("GET", "/pools", only_fresh)
    server.on("POST", "/pools", only_fresh)
    async with connect() as pve:
        await pve.get("/pools")
        await pve.post("/pools", poolid="a")
        await pve.post("/pools", poolid="b")
    assert server.count("POST", "/pools") == 2


async def test_an_endpoint_that_accepts_and_says_nothing_is_given_up(server: FakePve, connect: Connect) -> None:
    from proxmox_mpc.pve import Limits

    async def silence(request: object) -> None:
        await asyncio.sleep(3600)

    server.on("GET", "/pools", silence)
    async with connect(limits=Limits(answer_s=0.05), retry=Retry(tries=1)) as pve:
        await pve.version()
        with pytest.raises(ClusterUnreachable, match="no answer in time"):
            await pve.get("/pools")
