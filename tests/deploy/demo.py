"""A day of a server in its PostgreSQL: what a real one did within seconds, and what only time brings."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from proxmox_mpc.store import NewJob, SecretKey, Store
from tests.server.running import serving

KEY = "a passphrase of the demonstration"
SHOP = """\
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: shop }
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web, namespace: shop }
spec: { node: pve-node1, memory: 512, state: running }
"""


def make(url: str, home: Path) -> None:
    """A server with its simulated cluster is used, then its store is given what needs days."""
    with serving(home, "--simulate", DATABASE_URL=url, PROXMOX_SECRET_KEY=KEY) as server:
        token = server.admin()

        def done(method: str, path: str, body: Any = None, status: int = 200) -> Any:
            found, answer = server.call(method, f"/api/v1{path}", body, token, Prefer="wait=30")
            assert found == status, answer
            return answer

        assert server.call("POST", "/api/v1/auth/login", {"name": "admin", "password": "wrong"})[0] == 401
        done("POST", "/users", {"name": "eve", "password": "not very secret 1"}, 201)
        _, login = server.call("POST", "/api/v1/auth/login", {"name": "eve", "password": "not very secret 1"})
        assert server.call("POST", "/api/v1/users", {"name": "mallory"}, login["accessToken"])[0] == 403
        body = {"texts": [{"name": "a.yaml", "content": SHOP}], "application": "shop"}
        done("POST", "/applications/apply", {**body, "agreed": done("POST", "/plans", body)["hash"]})
        done("GET", "/contexts/current/discover")
        every = {"name": "rotate", "action": "snapshot-rotate", "request": {}, "intervalS": 3600}
        done("POST", "/schedules", every, 201)
    asyncio.run(_add(url))


async def _add(url: str) -> None:
    async with Store.open(url, key=SecretKey([KEY])) as store:
        told = {"kind": "Pool", "namespace": "default", "actor": "", "type": "Warning"}
        for reason, name in (("drift-seen", "shop"), ("drift-seen", "gone"), ("drift-ended", "gone")):
            await store.events.add("simulated", reason=reason, name=name, message="comment is 'x'", **told)
        await store.leases.take("sweeping", "server/1", 3600)
        for _ in range(2):
            await store.jobs.add(NewJob("backup", {}, "ann", context="simulated"))
        job = await store.claims.next("worker/1", 30)
        assert job is not None
        await store.claims.failed(job, {"code": "cluster.unreachable"})


if __name__ == "__main__":
    make(os.environ["DATABASE_URL"], Path("demo-home"))
