"""List the cluster's recent tasks."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session


class TasksRequest(Request):
    """Which tasks."""

    node: str = Field("", description="Only this node's.")
    guest: str = Field("", description="Only this VMID's.")
    errors: bool = Field(False, description="Only those that failed.")
    limit: int = Field(25, ge=1, le=5000, description="How many at the most.")


class TaskView(Result):
    """One task."""

    upid: str
    node: str
    type: str
    id: str
    user: str
    started_at: datetime
    ended_at: datetime | None
    status: str


class TasksResult(Result):
    """Tasks, newest first."""

    items: list[TaskView]


@action(permission="tasks:read", route="GET /tasks")
async def tasks(session: Session, request: TasksRequest) -> TasksResult:
    """List the cluster's recent tasks, newest first."""
    view = await session.view()
    rows = await view.pve.get("/cluster/tasks")
    items = [
        TaskView(
            upid=row["upid"],
            node=row["node"],
            type=row["type"],
            id=str(row.get("id", "")),
            user=row["user"],
            started_at=datetime.fromtimestamp(row["starttime"], UTC),
            ended_at=datetime.fromtimestamp(row["endtime"], UTC) if row.get("endtime") else None,
            status=str(row.get("status") or "running"),
        )
        for row in rows
        if request.node in ("", row["node"]) and request.guest in ("", str(row.get("id", "")))
    ]
    if request.errors:
        items = [item for item in items if not _fine(item.status)]
    return TasksResult(items=sorted(items, key=lambda item: item.started_at, reverse=True)[: request.limit])


def _fine(status: str) -> bool:
    return status in ("OK", "running", "RUNNING") or status.startswith("WARNINGS")
