"""Run a program in guests."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import CannotBe, state_of
from proxmox_mpc.actions._guests.turns import GuestsResult, GuestView, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import UsageError
from proxmox_mpc.kinds._guest_agent import execute
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View


class GuestExecRequest(GuestsRequest):
    """Which VMs, and which program with which words."""

    command: list[str] = Field(description="The program and its words; no shell is between.", repr=False)
    typed: str = Field("", description="What is typed into it.", repr=False)
    timeout_s: float = Field(300, gt=0, description="Seconds that it may take.")


@action(permission="guests:write", route="POST /guests/exec", writes=True, scope="namespace", long=True)
async def guest_exec(session: Session, request: GuestExecRequest) -> GuestsResult:
    """Run a program in VMs, by their guest agent; its output and exit code are those of the result."""
    if not request.command:
        raise UsageError("nothing says which program", hint="proxmox-cli exec web -- uname -a")

    async def judge(view: View, guest: Guest) -> list[Turn]:
        return [_turn(guest, request)]

    result = await carry_out(session, request, "exec", judge)
    items = [_told(item) for item in result.items]
    bad = {item.exit_code for item in items if item.exit_code}
    code = bad.pop() if len(items) == 1 and bad else result.exit_code or (1 if bad else 0)
    return result.model_copy(update={"items": items, "exit_code": code})


def _told(item: GuestView) -> GuestView:
    """A program that ended badly failed, whoever ran it."""
    code = int(item.result.get("exitCode", 0))
    if not code:
        return item
    return item.model_copy(update={"status": "failed", "error": f"ended with exit code {code}", "exit_code": code})


def _turn(guest: Guest, request: GuestExecRequest) -> Turn:
    live, word = guest.live, guest.word
    problem = None
    if guest.driver.api.type == "lxc":
        hint = f"on {live.identity['node']}: pct exec {guest.vmid} -- …; or by ssh"
        problem = CannotBe("is a container, and PVE's API runs no programs in those", hint=hint)
    elif state_of(live) != "running":
        problem = CannotBe("does not run", hint=f"proxmox-cli start {word} --wait")
    elif live.fields.get("agent.enabled") is not True:
        hint = "install qemu-guest-agent in it, then: agent: { enabled: true } in its manifest, and a restart"
        problem = CannotBe("has no guest agent switched on", hint=hint)
    if problem is not None:
        return Turn(guest, error=problem) if guest.named else Turn(guest, already=problem.message)

    async def do(run: StepRun, live: Live) -> dict[str, Any]:
        return await execute(guest.driver, run, live, request.command, request.typed, request.timeout_s)

    return Turn(guest, f"runs {request.command[0]}", do, heeds_lock=False)
