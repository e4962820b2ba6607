"""Try a context: reach it, log in, see what the login may do."""

from __future__ import annotations

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class TestConnectionRequest(Request):
    """The chosen context."""

    __test__ = False


class TestConnectionResult(Result):
    """What answered, and what the login may do."""

    __test__ = False
    context: str
    endpoints: list[str]
    version: str
    cluster: str
    nodes: int
    user: str
    privileges: list[str]


@action(permission="contexts:read", route="POST /contexts/current/test")
async def test_connection(session: Session, request: TestConnectionRequest) -> TestConnectionResult:
    """Try a context: reach it, log in, and show what the login may do."""
    context = await session.context()
    pve = await session.cluster()
    version = await pve.version()
    status = await pve.get("/cluster/status")
    permissions = await pve.get("/access/permissions")
    name = next((str(row["name"]) for row in status if row["type"] == "cluster"), "")
    return TestConnectionResult(
        context=context.name,
        endpoints=list(context.endpoints),
        version=version.release,
        cluster=name,
        nodes=sum(row["type"] == "node" for row in status),
        user=context.token_id or context.user or "",
        privileges=sorted({privilege for privileges in permissions.values() for privilege in privileges}),
    )
