"""Tag guests."""

from __future__ import annotations

import re

from pydantic import Field

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._guests.choice import Guest, GuestsRequest
from proxmox_mpc.actions._guests.turns import GuestsResult, Turn, carry_out
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import UsageError
from proxmox_mpc.kinds._guest_requests import tag as write_tags
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._mark import INDEX_TAG
from proxmox_mpc.kinds._view import View

# As PVE takes them (pve-tag, 9.1); capitals are made small by it.
_TAG = re.compile(r"[a-z0-9_][a-z0-9_+.-]*")


class TagRequest(GuestsRequest):
    """Which guests, and which tags."""

    add: list[str] = Field([], description="Tags that they get; env=prod is the tag env-prod.")
    remove: list[str] = Field([], description="Tags that they lose.")


@action(permission="guests:write", route="POST /guests/tag", writes=True, scope="namespace", long=True)
async def tag(session: Session, request: TagRequest) -> GuestsResult:
    """Give guests tags, and take tags from them."""
    add, remove = ({_checked(word) for word in words} for words in (request.add, request.remove))
    if not add | remove:
        raise UsageError("nothing says which tags", hint="proxmox-cli tag web +prod, or: tag web --remove prod")
    if INDEX_TAG in add | remove or add & remove:
        wrong = INDEX_TAG if INDEX_TAG in add | remove else sorted(add & remove)[0]
        raise UsageError(f"{wrong!r} cannot be given or taken so", hint=f"{INDEX_TAG} is set by itself")

    async def judge(view: View, guest: Guest) -> list[Turn]:
        before = {name for name in re.split(r"[;,\s]+", str(guest.live.raw.get("tags", ""))) if name}
        after = (before | add) - remove
        if before == after:
            return [
                Turn(guest, already=f"is tagged so already ({', '.join(sorted(before - {INDEX_TAG})) or 'no tags'})")
            ]

        async def do(run: StepRun, live: Live) -> None:
            await write_tags(guest.driver, run, live, sorted(after))

        signs = [*(f"+{name}" for name in sorted(after - before)), *(f"-{name}" for name in sorted(before - after))]
        warning = guest.overrules("tags", sorted(after - {INDEX_TAG}))
        return [Turn(guest, f"tags {' '.join(signs)}", do, warnings=(warning,) if warning else ())]

    return await carry_out(session, request, "tag", judge, templates=True)


def _checked(word: str) -> str:
    name = word.replace("=", "-", 1).lower()
    if not _TAG.fullmatch(name):
        raise UsageError(f"{word!r} is no tag", hint="letters, digits, _, and after the first also - + and .")
    return name
