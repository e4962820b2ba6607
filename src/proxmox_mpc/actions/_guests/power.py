"""Power as people ask for it: what is so already is left alone, and what cannot be is said before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._guest import PAUSED, is_template
from proxmox_mpc.kinds._guest_lock import SUSPENDED
from proxmox_mpc.kinds._guest_power import answers, power
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._view import View

Verb = Literal["start", "stop", "shutdown", "reboot", "reset", "suspend", "resume"]
State = Literal["running", "stopped", "paused", "hibernated"]

# What is so already, by verb and state; the rest of the table is what cannot be.
ALREADY: Mapping[tuple[Verb, State], str] = {
    ("start", "running"): "runs already",
    ("resume", "running"): "runs already",
    ("stop", "stopped"): "is stopped already",
    ("shutdown", "stopped"): "is stopped already",
    ("stop", "hibernated"): "does not run: its memory is on disk",
    ("shutdown", "hibernated"): "does not run: its memory is on disk",
    ("suspend", "paused"): "is suspended already",
    ("suspend", "hibernated"): "is suspended already, to disk",
}
IMPOSSIBLE: Mapping[tuple[Verb, State], tuple[str, str]] = {
    ("start", "paused"): ("is suspended", "resume"),
    ("shutdown", "paused"): ("is suspended, and hears nothing", "resume"),
    ("reboot", "paused"): ("is suspended, and hears nothing", "resume"),
    ("reboot", "stopped"): ("does not run", "start"),
    ("reboot", "hibernated"): ("does not run", "start"),
    ("reset", "stopped"): ("does not run", "start"),
    ("reset", "hibernated"): ("does not run", "start"),
    ("suspend", "stopped"): ("does not run", "start"),
    ("resume", "stopped"): ("does not run, and was not suspended", "start"),
}
# What the state is afterwards, for what an application may have declared.
LEADS_TO: Mapping[Verb, str] = {"start": "running", "stop": "stopped", "shutdown": "stopped", "resume": "running"}


class CannotBe(MpcError):
    """The guest's state does not allow it."""

    code = "guest.wrong-state"
    http_status = 409


def state_of(live: Live) -> State:
    """How a guest is, told apart as far as verbs have to."""
    if live.facts.get("status") == "running":
        return "paused" if live.facts.get(PAUSED) else "running"
    return "hibernated" if live.raw.get("lock") == SUSPENDED else "stopped"


async def switch(
    session: Session,
    request: GuestsRequest,
    verb: Verb,
    does: str,
    *,
    loses: str = "",
    params: Mapping[str, Any] | None = None,
    answer_s: float = 0,
) -> GuestsResult:
    """Do this to the power of guests; `answer_s` is how long their agents may take until they answer again."""

    async def judge(view: View, guest: Guest) -> list[Turn]:
        return [turn(guest, verb, does, loses, params or {}, answer_s)]

    return await carry_out(session, request, verb, judge)


def turn(guest: Guest, verb: Verb, does: str, loses: str, params: Mapping[str, Any], answer_s: float) -> Turn:
    """What the verb does to one guest, as that is now: pure."""
    live, state = guest.live, state_of(guest.live)
    if is_template(live):
        problem = CannotBe("is a template, which does not run", hint=f"proxmox-cli clone {guest.word} NAME")
        return Turn(guest, error=problem) if guest.named else Turn(guest, already="is a template")
    if verb == "reset" and guest.driver.api.type == "lxc":
        problem = CannotBe("is a container, which has no reset", hint=f"proxmox-cli reboot {guest.word}")
        return Turn(guest, error=problem) if guest.named else Turn(guest, already="is a container, which has no reset")
    if already := ALREADY.get((verb, state)):
        return Turn(guest, already=already)
    if impossible := IMPOSSIBLE.get((verb, state)):
        why, instead = impossible
        if not guest.named and state == "stopped":
            return Turn(guest, already=why)  # whoever selects many means those that run
        return Turn(guest, error=CannotBe(why, hint=f"proxmox-cli {instead} {guest.word}"))

    async def do(run: StepRun, live: Live) -> None:
        after = await power(guest.driver, run, live, verb, params)
        if answer_s:
            await answers(guest.driver, run, after, timeout_s=answer_s)

    wish = LEADS_TO.get(verb, "")
    ha = {"running": "started", "stopped": "stopped"}.get(wish, "")
    warnings = (guest.overrules("state", wish) if wish else "", guest.overrules_ha(ha) if ha else "")
    return Turn(guest, does, do, loses, warnings=tuple(filter(None, warnings)))
