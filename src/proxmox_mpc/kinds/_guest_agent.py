"""Programs that run in a VM, by its guest agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._kind import Live
from proxmox_mpc.kinds._run import Run

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver

LOOK_AGAIN_S = 0.3
"""Between looks at a program: most end at once, and somebody waits for its output."""


class StillRuns(MpcError):
    """The program did not end in time; it goes on."""

    code = "guest.exec-timeout"
    default_hint = "wait longer with --timeout"


async def execute(
    guest: GuestDriver, run: Run, live: Live, command: Sequence[str], typed: str, timeout_s: float
) -> dict[str, Any]:
    """Run a program in a VM and wait for its end: its exit code and what it wrote. Raises StillRuns.

    Neither the program nor what is typed into it stands in the journal: there may be secrets in them.
    """
    vmid = live.identity["vmid"]
    params = {**live.identity, "command": list(command), **({"input-data": typed} if typed else {})}
    begun = await run.call("POST", guest.api.path("/agent/exec"), params, title=f"run a program in {vmid}")
    status: dict[str, Any] = {}

    async def has_ended() -> bool:
        nonlocal status
        status = await run.view.pve.get(guest.api.path("/agent/exec-status"), {**live.identity, "pid": begun["pid"]})
        return bool(int(status.get("exited", 0)))

    if not await run.until(has_ended, timeout_s=timeout_s, every_s=LOOK_AGAIN_S):
        raise StillRuns(f"the program (process {begun['pid']}) still runs after {timeout_s:g} s")
    # A program that a signal ended has no exit code; shells say 128 and the signal.
    code = int(status["exitcode"]) if "exitcode" in status else 128 + int(status.get("signal", 0))
    cut = bool(status.get("out-truncated") or status.get("err-truncated"))
    out, err = str(status.get("out-data", "")), str(status.get("err-data", ""))
    return {"exitCode": code, "stdout": out, "stderr": err, "truncated": cut}
