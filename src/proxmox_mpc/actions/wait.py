"""Wait until a task ended or a guest is in a state."""

from __future__ import annotations

import asyncio

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.get import is_named
from proxmox_mpc.errors import MpcError, UsageError
from proxmox_mpc.kinds import find_kind

POLL_S = 2.0
"""A guest's state changes in seconds; the bulk read that sees it costs the cluster a millisecond."""


class WaitRequest(Request):
    """What to wait for."""

    target: str = Field(description="A task's UPID, or KIND/NAME.")
    condition: str = Field("", description="running, stopped, exists or gone; for a task its end.")
    timeout_s: float = Field(300, gt=0, description="Seconds before giving up.")


class WaitResult(Result):
    """What was reached."""

    target: str
    condition: str


class WaitTimeout(MpcError):
    """It did not come to pass in time."""

    code = "wait.timeout"


@action(permission="tasks:read", route="POST /tasks/wait", long=True)
async def wait(session: Session, request: WaitRequest) -> WaitResult:
    """Wait until a task ended, or a guest runs, stopped, exists or is gone."""
    if request.target.startswith("UPID:"):
        result = await (await session.cluster()).wait(request.target, timeout_s=request.timeout_s)
        return WaitResult(target=request.target, condition=result.exitstatus)
    word, slash, name = request.target.partition("/")
    if not slash or request.condition not in ("running", "stopped", "exists", "gone"):
        raise UsageError("what is waited for is not clear", hint="proxmox-cli wait vm/web --for running")
    kind = find_kind(word)
    try:
        async with asyncio.timeout(request.timeout_s):
            while True:
                lives = await kind.driver.rows(await session.view())
                states = [str(live.facts.get("status", "")) for live in lives if is_named(live, name)]
                if _reached(request.condition, states):
                    return WaitResult(target=request.target, condition=request.condition)
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        message = f"{request.target} is not {request.condition} after {request.timeout_s:g} s"
        raise WaitTimeout(message, hint="wait longer with --timeout, or look: proxmox-cli tasks") from None


def _reached(condition: str, states: list[str]) -> bool:
    if condition == "gone":
        return not states
    return bool(states) and (condition == "exists" or all(state == condition for state in states))
