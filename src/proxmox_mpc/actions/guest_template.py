"""Make templates of guests."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.power import CannotBe, state_of
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.kinds._guest import is_template
from proxmox_mpc.kinds._guest_requests import convert
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View


class GuestTemplateRequest(GuestsRequest):
    """Which guests."""


@action(permission="guests:write", route="POST /guests/template", writes=True, scope="namespace", long=True)
async def guest_template(session: Session, request: GuestTemplateRequest) -> GuestsResult:
    """Make templates of guests: they are cloned then, and never run again."""

    async def judge(view: View, guest: Guest) -> list[Turn]:
        if is_template(guest.live):
            return [Turn(guest, already="is a template already")]
        if state_of(guest.live) != "stopped":
            return [Turn(guest, error=CannotBe("is not off", hint=f"proxmox-cli shutdown {guest.word}"))]

        async def do(run: StepRun, live: Live) -> None:
            await convert(guest.driver, run, live)

        warning = f"application {guest.application} declares it as a {guest.kind.name}" if guest.owned else ""
        loses = "never runs again, and there is no way back"
        return [Turn(guest, "becomes a template", do, loses, warnings=(warning,) if warning else ())]

    return await carry_out(session, request, "template", judge, templates=True)
