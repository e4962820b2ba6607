"""A twin answers what its original answers, and knows none of its secrets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from proxmox_mpc.generators import twin
from proxmox_mpc.pve import Clock, Cluster, PveError, SystemTrust, Target, Token
from proxmox_mpc.simulator import Simulator
from tests.rich import RICH, SECRET, ask, reads

NOW = 1_790_000_000.0


class Standing:
    """A clock that does not move: uptimes and loads can be compared."""

    def now(self) -> float:
        return NOW

    async def sleep(self, seconds: float) -> None: ...

    async def until(self, moment: float) -> None:
        await asyncio.Event().wait()


PRIVATE = {
    "pid",
    "ctime",
    "digest",
    "uptime",
    "netin",
    "netout",
    "client-key",
    "data",
    "cipassword",
    "uid",
    "key",
    "token",
}


@asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[tuple[Simulator, Cluster]]:
    async with Simulator(tls=False, clock=Standing(), **options) as sim:
        token_id, _, secret = sim.token.partition("=")
        target = Target((sim.url,), Token(token_id, secret), SystemTrust())
        async with Cluster(target, clock=Clock()) as pve:
            yield sim, pve


async def answers(pve: Cluster) -> dict[str, Any]:
    """What every GET of the API answers, by what was asked."""
    return {
        f"{path} {names}": str(data) if isinstance(data, PveError) else plain(data)
        async for path, names, data in reads(pve)
    }


def plain(answer: Any) -> Any:
    """An answer without what is of the moment, and without secrets."""
    if isinstance(answer, dict):
        return {k: plain(v) for k, v in answer.items() if k not in PRIVATE}
    if isinstance(answer, list):
        rows = [plain(part) for part in answer if not _is_row_of(part, PRIVATE)]
        return sorted(rows, key=lambda part: json.dumps(part, sort_keys=True))
    return answer.replace(f"me:{SECRET}@", "") if isinstance(answer, str) else answer


def _is_row_of(part: Any, keys: set[str]) -> bool:
    """Is it the row of `/pending` for one of the keys?"""
    return isinstance(part, dict) and part.get("key") in keys and "value" in part


async def test_a_twin_answers_every_read_as_its_original() -> None:
    async with connected(guests=6, seed=RICH) as (sim, pve):
        assert sim.refused == []
        made = await twin.read(pve)
        seed = json.loads(json.dumps(made.seed))  # as it comes out of a file
        async with connected(preset="empty", seed=seed) as (copy, other):
            assert copy.refused == []
            wanted, found = await answers(pve), await answers(other)
    assert len(wanted) > 550
    assert {path: (answer, found.get(path)) for path, answer in wanted.items() if found.get(path) != answer} == {}
    assert made.left_out == []


async def test_no_secret_is_copied() -> None:
    async with connected(seed=RICH) as (sim, pve):
        lines = [f"wpa-psk {SECRET}"]
        sim.cluster.nodes["pve-node1"].interfaces["vmbr0"] |= {"options": lines, "options6": lines, "mtu": "1400"}
        seed = (await twin.read(pve)).seed
        text = json.dumps(seed)
        tokens = [token.secret for user in sim.cluster.access.users.values() for token in user.tokens.values()]
    assert SECRET not in text
    assert seed["nodes"][0]["interfaces"]["vmbr0"]["mtu"] == "1400"
    assert len(tokens) == 2
    assert not [secret for secret in tokens if secret in text]


async def test_groups_of_an_8_4_cluster_are_copied() -> None:
    seed = {
        **RICH,
        "requests": [
            ask("POST", "/cluster/ha/groups", "group=left", "nodes=pve-node1:2,pve-node2", "restricted=1"),
            ask("POST", "/cluster/ha/resources", "sid=vm:150", "group=left"),
        ],
    }
    async with connected(seed=seed, pve_version="8.4") as (_, pve):
        made = await twin.read(pve)
        async with connected(preset="empty", seed=made.seed) as (copy, other):
            assert copy.refused == []
            assert (await other.version()).major == 8
            for path in ("/cluster/ha/groups", "/cluster/ha/resources"):
                assert plain(await other.get(path)) == plain(await pve.get(path)) != []


async def test_what_cannot_be_read_is_named_and_the_rest_is_copied() -> None:
    async with connected(guests=6) as (sim, pve):
        sim.faults.node_down("pve-node2")
        made = await twin.read(pve)
        async with connected(preset="empty", seed=made.seed) as (copy, other):
            states = {row["node"]: row["status"] for row in await other.get("/nodes")}
            here = {int(r["vmid"]) for r in await pve.get("/cluster/resources", type="vm") if r["node"] != "pve-node2"}
            assert here == set(copy.cluster.guests)
    assert states == {"pve-node1": "online", "pve-node2": "offline", "pve-node3": "online"}
    assert made.left_out == ["node pve-node2: it is down; its guests (2) and storages are not in the twin"]


async def test_a_seed_request_that_is_refused_is_told() -> None:
    requests = [
        ask("POST", "/access/groups", "groupid=a"),
        ask("POST", "/access/groups", "groupid=a"),
        ask("GET", "/no"),
    ]
    async with Simulator(seed={"requests": requests}, tls=False) as sim:
        assert sim.refused == [
            "POST /access/groups: create group failed: group 'a' already exists",
            "GET /no: Method 'GET /no' not implemented",
        ]
