import asyncio
from collections.abc import Callable

from aiohttp import web

from proxmox_mpc.pve import Cluster, Limits
from tests.unit.pve.fake_pve import FakePve

Connect = Callable[..., Cluster]


class Crowd:
    """Counts who is inside at once, by node."""

    def __init__(self, server: FakePve, *paths: str) -> None:
        self.inside = dict.fromkeys(paths, 0)
        self.most = dict.fromkeys(paths, 0)
        self.most_together = 0
        for path in paths:
            server.on("GET", path, self.enter)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api2/json")
        self.inside[path] += 1
        self.most[path] = max(self.most[path], self.inside[path])
        self.most_together = max(self.most_together, sum(self.inside.values()))
        await asyncio.sleep(0.002)
        self.inside[path] -= 1
        return web.json_response({"data": []})


async def test_requests_at_once_are_bounded_per_node_and_per_cluster(server: FakePve, connect: Connect) -> None:
    nodes = [f"/nodes/pve{number}/qemu" for number in (1, 2, 3)]
    crowd = Crowd(server, *nodes)
    async with connect(limits=Limits(per_cluster=5, per_node=2)) as pve:
        await pve.version()
        await asyncio.gather(*(pve.get("/nodes/{node}/qemu", node=f"pve{1 + number % 3}") for number in range(60)))
    assert crowd.most == dict.fromkeys(nodes, 2)
    assert crowd.most_together == 5


async def test_a_slow_node_does_not_keep_others_waiting(server: FakePve, connect: Connect) -> None:
    stuck = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await stuck.wait()
        return web.json_response({"data": []})

    server.on("GET", "/nodes/slow/qemu", slow)
    server.on("GET", "/nodes/fast/qemu", [])
    async with connect(limits=Limits(per_cluster=4, per_node=2)) as pve:
        await pve.version()
        waiting = [asyncio.create_task(pve.get("/nodes/{node}/qemu", node="slow")) for _ in range(10)]
        await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            assert await pve.get("/nodes/{node}/qemu", node="fast") == []
        stuck.set()
        await asyncio.gather(*waiting)


async def test_the_version_is_asked_once(server: FakePve, connect: Connect) -> None:
    server.on("GET", "/pools", [])
    async with connect() as pve:
        await asyncio.gather(*(pve.get("/pools") for _ in range(10)))
    assert server.count("GET", "/version") == 1
