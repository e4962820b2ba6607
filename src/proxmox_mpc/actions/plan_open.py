"""Read a saved plan."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._moved import PlanMoved
from proxmox_mpc.actions._planning import load
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import require_wanted
from proxmox_mpc.actions.apply import ApplyRequest
from proxmox_mpc.actions.plan_save import FORMAT
from proxmox_mpc.errors import InvalidInput, MpcError


class PlanOpenRequest(Request):
    """A plan file's content."""

    content: str = Field(description="The content of a file made by plan_save.")


class PlanOpenResult(Result):
    """What applies this plan and no other."""

    request: ApplyRequest


@action(permission="resources:write", route="POST /plans/open", scope="namespace")
async def plan_open(session: Session, request: PlanOpenRequest) -> PlanOpenResult:
    """Read a saved plan: the request that applies exactly it. Refused once it expired, or for another context."""
    try:
        found = json.loads(request.content)
        if found["format"] != FORMAT:
            raise InvalidInput(f"its format is {found['format']!r}", hint=f"this version reads {FORMAT}")
        expires, context = datetime.fromisoformat(found["expiresAt"]), str(found["context"])
        sealed, agreed = str(found["request"]), str(found["hash"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInput("this is not a plan file", hint="manifests are given with -f") from None
    if session.now() > expires:
        raise PlanMoved(
            f"the plan expired at {expires:%Y-%m-%d %H:%M}", hint="make a new one: proxmox-cli plan --out FILE"
        )
    current = (await session.context()).name
    if context != current:
        raise PlanMoved(f"the plan is for context {context!r}, not {current!r}", hint=f"add --context {context}")
    try:
        inner = json.loads(session.unseal(sealed))
    except (MpcError, ValueError):
        hint = "apply it where it was made, or set the same PROXMOX_SECRET_KEY"
        raise InvalidInput("the plan was sealed with another key", hint=hint) from None
    opened = ApplyRequest(**inner, agreed=agreed, source="saved plan")
    await require_wanted(session, (await load(session, opened.texts, opened.namespace, with_secrets=False))[0])
    return PlanOpenResult(request=opened)
