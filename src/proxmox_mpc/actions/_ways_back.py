"""Going back after a release that failed (`--atomic`): to its last good revision, or to where there was none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from proxmox_mpc.actions._deploying import Deploying
from proxmox_mpc.actions._release_records import GOOD
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.stop import Stop
from proxmox_mpc.errors import MpcError, RefusedError
from proxmox_mpc.store.errors import ApplyBusy

if TYPE_CHECKING:
    from proxmox_mpc.store import Revision


class ReleaseFailed(MpcError):
    """The release failed, and what was before is back."""

    code = "release.rolled-back"


class NoWayBack(MpcError):
    """The release failed, and so did the way back."""

    code = "release.left-failed"


@asynccontextmanager
async def or_back(session: Session, request: Deploying, before: Sequence[Revision]) -> AsyncIterator[None]:
    """Go back after a failure, where that was asked for; `before` are the revisions that there were.

    Raises ReleaseFailed, NoWayBack; the failure itself, where nothing was begun.
    """
    try:
        yield
    except MpcError as error:
        if not request.atomic or session.stop.handed_over:
            raise
        context, store = await session.context(), await session.store()
        begun = (await store.applications.history(context.name, request.name))[len(before) :]
        # Refused, or overtaken by somebody else: then what was begun meanwhile is theirs.
        if not begun or isinstance(error, RefusedError | ApplyBusy) or begun[0].status != "failed":
            raise
        good = next((one.number for one in reversed(before) if one.status in GOOD), None)
        new = not before or before[-1].status == "uninstalled"
        if good is None and not new:
            raise
        session.stop.more_time()
        session.stop = Stop()  # who asked to stop asked for the way back; asked again, it is stopped, too
        try:
            if new or good is None:
                await _gone(session, request.name, keep_history=bool(before))
            else:
                await _back(session, request, good, begun)
        except MpcError as second:
            if session.stop.handed_over:
                raise
            message = f"release {request.name!r} failed: {error.message}; and the way back failed: {second.message}"
            hint = second.hint or f"proxmox-cli history {request.name}"
            raise NoWayBack(message, hint=hint) from error
        done = "uninstalled" if new else f"rolled back to revision {good}"
        message = f"release {request.name!r} failed and was {done}: {error.message}"
        raise ReleaseFailed(message, hint=error.hint) from error


async def _gone(session: Session, name: str, *, keep_history: bool) -> None:
    from proxmox_mpc.actions.uninstall import UninstallRequest, uninstall

    wanted = UninstallRequest(name=name, ignore_not_found=True, hooks=False, keep_history=keep_history)
    shown = await uninstall(session, wanted)
    await uninstall(session, wanted.model_copy(update={"agreed": shown.plan.hash if shown.plan else "none"}))


async def _back(session: Session, request: Deploying, number: int, begun: Sequence[Revision]) -> None:
    from proxmox_mpc.actions.rollback import RollbackRequest, rollback

    outcomes = [each for one in begun for each in one.result.get("outcomes", ())]
    made = [each["resource"] for each in outcomes if each["action"] == "create"]
    wanted = RollbackRequest(
        application=request.name, revision=number, allow=request.allow, hooks=request.hooks, undo=made
    )
    shown = await rollback(session, wanted)
    await rollback(session, wanted.model_copy(update={"agreed": shown.plan.hash}))
