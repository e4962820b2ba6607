"""List the drift that was accepted."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._drifts import AcceptedView, accepted_view
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import visible_applications


class DriftListAcceptedRequest(Request):
    """Which application; all when empty."""

    application: str = Field("", description="The application's name; all when empty.")


class DriftListAcceptedResult(Result):
    """Accepted drift that has not expired, by resource and field."""

    items: list[AcceptedView]


@action(permission="resources:read", route="GET /drift/accepted", scope="namespace")
async def drift_list_accepted(session: Session, request: DriftListAcceptedRequest) -> DriftListAcceptedResult:
    """List the drift that was accepted: what, by whom, why, and until when."""
    in_sight = await visible_applications(session)
    baselines = await (await session.store()).baselines.list((await session.context()).name)
    mine = [one for one in baselines if request.application in ("", one.application) and in_sight(one.application)]
    return DriftListAcceptedResult(items=[accepted_view(one) for one in mine])
