"""A few lines of HTTP for tests of the simulator: the project's own client stays out of its judge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from proxmox_mpc.simulator import Simulator


@dataclass(frozen=True)
class Answer:
    """Status, reason and the parts of the body."""

    status: int
    reason: str
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        assert self.status == 200, f"{self.status} {self.reason} {self.body}"
        return self.body["data"]

    @property
    def errors(self) -> dict[str, str]:
        assert self.status == 400, f"{self.status} {self.reason}"
        return dict(self.body["errors"])


@dataclass
class Api:
    """One caller. `as_user` makes another."""

    sim: Simulator
    session: aiohttp.ClientSession
    headers: dict[str, str]

    async def call(self, method: str, path: str, /, **form: Any) -> Answer:
        """Send a form (or a query, for GET and DELETE); lists as repeated fields."""
        fields = [(k, str(one)) for k, v in form.items() for one in (v if isinstance(v, list) else [v])]
        where = {"params": fields} if method in ("GET", "DELETE") else {"data": fields}
        url = f"{self.sim.url}/api2/json{path}"
        async with self.session.request(method, url, headers=self.headers, ssl=False, **where) as answer:
            is_json = (answer.content_type or "").endswith("json")
            return Answer(answer.status, answer.reason or "", await answer.json() if is_json else {})

    async def do(self, method: str, path: str, /, **form: Any) -> Any:
        """A call that must succeed."""
        return (await self.call(method, path, **form)).data

    async def get(self, path: str, /, **query: Any) -> Any:
        return await self.do("GET", path, **query)

    async def run(self, method: str, path: str, /, **form: Any) -> str:
        """Start a task and wait for its exit status."""
        return await self.ended((await self.call(method, path, **form)).data)

    async def ended(self, upid: str) -> str:
        path = f"/nodes/{upid.split(':')[1]}/tasks/{quote(upid, safe='')}/status"
        for _ in range(500):
            status = await self.get(path)
            if status["status"] == "stopped":
                return str(status["exitstatus"])
            await asyncio.sleep(0.005)
        raise AssertionError(f"{upid} does not end")

    async def as_root(self) -> Api:
        """root@pam with a ticket: what only he may is forbidden to his tokens."""
        return await self.as_user("root@pam", self.sim.password)

    async def as_user(self, user: str, password: str) -> Api:
        ticket = await Api(self.sim, self.session, {}).call("POST", "/access/ticket", username=user, password=password)
        headers = {
            "Cookie": f"PVEAuthCookie={quote(ticket.data['ticket'], safe='')}",
            "CSRFPreventionToken": ticket.data["CSRFPreventionToken"],
        }
        return Api(self.sim, self.session, headers)


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator[Api]:
    """A simulator and its root token, over plain HTTP to be quick."""
    async with Simulator(tls=False, **options) as sim, aiohttp.ClientSession() as session:
        yield Api(sim, session, {"Authorization": f"PVEAPIToken={sim.token}"})
