"""Guests are started, stopped and restarted; and replicas of a set are waited for until they answer again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import DeniedError, MpcError, UnreachableError
from proxmox_mpc.kinds import _guest_ha
from proxmox_mpc.kinds._kind import Live, Resource
from proxmox_mpc.kinds._run import Run

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

SHUTDOWN_TIMEOUT_S = 180
"""As PVE's own default for a guest's shutdown: a guest that ignores it is reported, not cut off."""
BOOT_TIMEOUT_S = 300
"""How long a replica may take until it answers again; the others wait for it meanwhile."""


class NotBack(MpcError):
    """A guest did not come back after it was restarted; replicas after it were left as they are."""

    code = "apply.not-back"
    default_hint = "look at its console; apply again when it is well, or take the change back"


async def power(guest: GuestDriver, run: Run, live: Live, verb: str, params: Mapping[str, Any]) -> Live:
    """The guest when that is done: it may stand on another node then, where the HA manager did it."""
    where, title = {**live.identity, **params}, f"{verb} {live.identity['vmid']}"
    async with run.lane(f"node:{live.identity['node']}"):
        upid = await run.call("POST", guest.api.path(f"/status/{verb}"), where, title=title)
    state = "stopped" if verb in ("stop", "shutdown") else "running"
    return await _guest_ha.settled(guest, run, live, upid, verb, lambda now: now.fields.get("state") == state)


async def answers_again(guest: GuestDriver, run: Run, live: Live, resource: Resource) -> None:
    """Of a set's replica: wait until it runs, and until its agent answers where it is declared to have one."""
    if resource.member is not None:
        has_agent = resource.fields.get("agent.enabled") is True
        await answers(guest, run, live, timeout_s=BOOT_TIMEOUT_S, has_agent=has_agent)


async def answers(guest: GuestDriver, run: Run, live: Live, *, timeout_s: float, has_agent: bool | None = None) -> None:
    """Wait until a guest runs, and until its agent answers where it has one. Raises NotBack."""
    if has_agent is None:
        has_agent = live.fields.get("agent.enabled") is True

    async def is_up() -> bool:
        # A reboot's task may end when the guest is down; its start is another one's (qmeventd; qmreboot, 9.1).
        status = await run.view.pve.get(guest.api.path("/status/current"), live.identity)
        return status["status"] == "running" and (not has_agent or await _agent_answers(guest, run, live))

    saying = "waits for its agent" if has_agent else "waits until it runs"
    if not await run.until(is_up, timeout_s=timeout_s, saying=saying):
        what = "does not run, or its agent does not answer," if has_agent else "does not run"
        raise NotBack(f"{live.key} (VMID {live.identity['vmid']}) {what} {timeout_s:g} s after it was started")


async def _agent_answers(guest: GuestDriver, run: Run, live: Live) -> bool:
    from proxmox_mpc.pve import PveError

    try:
        await run.view.pve.post(guest.api.path("/agent/ping"), live.identity)
    except (DeniedError, UnreachableError):
        raise
    except PveError:
        return False
    return True
