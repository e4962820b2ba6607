"""What is done to each of some guests: shown and agreed to first, then so many at a time, each on its own.

A guest that fails stops no other. What has to be asked is not begun without the hash of what was shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._applying import applier
from proxmox_mpc.actions._guests.choice import AgreedRequest, Guest, GuestsRequest, choose
from proxmox_mpc.actions._moved import PlanMoved
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import require_namespaces, tells
from proxmox_mpc.applications import clusters
from proxmox_mpc.applications.errands import GUESTS, errand
from proxmox_mpc.applications.unfinished import settle
from proxmox_mpc.engine.execute import STEPS_AT_ONCE, InternalError
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.plan import Action
from proxmox_mpc.engine.step_run import StepRun
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._guest_lock import released
from proxmox_mpc.kinds._kind import Key, Live
from proxmox_mpc.kinds._view import View

Status = Literal["planned", "done", "skipped", "failed", "untried"]
Judge = Callable[[View, Guest], Awaitable[Sequence["Turn"]]]
RunOf = Callable[[Key, Action], StepRun]
Do = Callable[[StepRun, Live], Awaitable[Mapping[str, Any] | None]]


@dataclass(frozen=True)
class Turn:
    """One guest's turn: what would be done to it, or why nothing is.

    `does` says it in words, `loses` what is asked before, `already` that nothing is to do. `do` answers what there is
    to tell besides; `tells` is told however it ends. `makes` is what the turn is about where that is not the
    guest itself: its clone.
    """

    guest: Guest
    does: str = ""
    do: Do | None = None
    loses: str = ""
    already: str = ""
    error: MpcError | None = None
    warnings: tuple[str, ...] = ()
    makes: Key | None = None
    action: Action = Action.UPDATE
    heeds_lock: bool = True
    tells: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.makes or self.guest.live.key


class GuestView(Result):
    """One guest: what was or would be done to it, and how that ended."""

    kind: str
    namespace: str
    name: str
    vmid: int
    node: str
    word: str
    status: Status
    does: str = ""
    loses: str = ""
    note: str = ""
    warnings: list[str] = []
    error: str = ""
    hint: str = ""
    code: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    result: dict[str, Any] = {}


class GuestsResult(Result):
    """What was or would be done, guest by guest.

    With `asks`, nothing was done yet: call again with its `hash` as agreed. `exit_code` is 0 where all is as wished.
    """

    verb: str
    context: str
    dry_run: bool
    asks: bool
    hash: str
    items: list[GuestView]
    exit_code: int = 0
    resumed: list[str] = []


async def carry_out(
    session: Session,
    request: GuestsRequest,
    verb: str,
    judge: Judge,
    *,
    templates: bool = False,
) -> GuestsResult:
    """Do to each guest that is meant what `judge` decides for it. Raises what choosing them raises, and PlanMoved."""
    view, resumed = await begin(session, request)
    guests = await choose(session, view, request, templates=templates)
    judged = await asyncio.gather(*(_judged(view, guest, judge) for guest in guests))
    result = await take(session, view, request, verb, [turn for turns in judged for turn in turns])
    return result.model_copy(update={"resumed": resumed})


async def begin(session: Session, request: AgreedRequest) -> tuple[View, list[str]]:
    """A fresh look at the cluster that is meant, and what earlier runs left open, unless nothing is to be written."""
    context, store, view = await session.context(), await session.store(), await session.view()
    await clusters.confirm(store, context.name, await clusters.look(view))
    if request.dry_run or request.settled:
        return view, []
    return view, await settle(store, context.name, view.pve, session.report, patient=False, tells=await tells(session))


async def take(
    session: Session,
    view: View,
    request: AgreedRequest,
    verb: str,
    turns: Sequence[Turn],
    *,
    before: Callable[[RunOf], Awaitable[None]] | None = None,
) -> GuestsResult:
    """Take these turns, or only show them: where nothing is to be sent, or what is lost was not agreed to.

    `before` is done first, also where no turn has anything to do.
    """
    context, shown = (await session.context()).name, _hash(verb, request, turns)
    await require_namespaces(session, (key.namespace for turn in turns for key in (turn.guest.live.key, turn.key)))
    asks = any(turn.loses and turn.do for turn in turns)
    result = GuestsResult(verb=verb, context=context, dry_run=request.dry_run, asks=False, hash=shown, items=[])
    if request.dry_run or (asks and not request.agreed):
        items = [_view(turn, _foreseen(turn)) for turn in turns]
        return result.model_copy(update={"asks": asks, "items": items, "exit_code": _exit_code(items)})
    if asks and request.agreed != shown:
        raise PlanMoved(f"these guests are not as they were when this was agreed to ({request.agreed[:12]})")
    items = await _all(session, view, context, verb, turns, before)
    return result.model_copy(update={"items": items, "exit_code": _exit_code(items)})


async def _judged(view: View, guest: Guest, judge: Judge) -> Sequence[Turn]:
    if guest.error is not None:
        return [Turn(guest, error=guest.error)]
    try:
        return await judge(view, guest)
    except MpcError as error:
        return [Turn(guest, error=error)]


def _hash(verb: str, request: AgreedRequest, turns: Sequence[Turn]) -> str:
    """The same for the same wish about the same guests in the same state."""
    wish = request.model_dump(mode="json", exclude={"agreed", "dry_run", "settled", "texts"})
    facts = [[turn.guest.vmid, str(turn.key), turn.does, turn.loses, turn.already] for turn in turns]
    return hashlib.sha256(json.dumps([verb, wish, facts], sort_keys=True).encode()).hexdigest()


def _foreseen(turn: Turn) -> Literal["planned", "skipped", "failed"]:
    return "failed" if turn.error is not None else "planned" if turn.do is not None else "skipped"


async def _all(
    session: Session,
    view: View,
    context: str,
    verb: str,
    turns: Sequence[Turn],
    before: Callable[[RunOf], Awaitable[None]] | None,
) -> list[GuestView]:
    if before is None and not any(turn.do is not None and turn.error is None for turn in turns):
        return [_view(turn, _foreseen(turn)) for turn in turns]
    places, lost = asyncio.Semaphore(STEPS_AT_ONCE), asyncio.Event()
    # A name of its own: two people may work on guests at the same time, and on the same one, too.
    name = f"{GUESTS}{session.new_uid()}"
    stop = session.stop
    async with errand(await applier(session), view, context, name, verb, stop) as run_of:

        async def one(turn: Turn) -> GuestView:
            if turn.do is None or turn.error is not None:
                return _view(turn, _foreseen(turn))
            async with places:
                if stop.asked:
                    return _view(turn, "untried", note="stopped before it began")
                if lost.is_set():
                    return _view(turn, "untried", note="the cluster does not answer any more")
                return await _one(session, context, verb, turn, run_of, lost)

        with stop.listening():
            if before is not None:
                await before(run_of)
            return await _together([one(turn) for turn in turns])


async def _together(works: Sequence[Coroutine[Any, Any, GuestView]]) -> list[GuestView]:
    """All their answers. Where one breaks in a way that no guest is to blame for, none goes on behind its back."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as broken:
        raise broken.exceptions[0] from None
    return [task.result() for task in tasks]


async def _one(
    session: Session,
    context: str,
    verb: str,
    turn: Turn,
    run_of: RunOf,
    lost: asyncio.Event,
) -> GuestView:
    from proxmox_mpc.pve import ClusterUnreachable

    assert turn.do is not None
    key, run = turn.key, run_of(turn.key, turn.action)
    began = run.execution.clock()
    session.report(Progress(key, "started", action=turn.action, verb=verb))
    error: MpcError | None = None
    told: Mapping[str, Any] = {}
    try:
        live = await released(turn.guest.driver, run, turn.guest.live) if turn.heeds_lock else turn.guest.live
        told = await turn.do(run, live) or {}
    except Exception as problem:
        error = problem if isinstance(problem, MpcError) else InternalError(problem)
        if isinstance(error, ClusterUnreachable):
            lost.set()
    seconds = run.execution.clock() - began
    what: Literal["done", "failed"] = "failed" if error else "done"
    session.report(Progress(key, what, str(error or ""), turn.action, seconds=seconds, verb=verb))
    await (await session.store()).events.add(
        context,
        type="Warning" if error else "Normal",
        reason=f"{verb.replace(' ', '-')}-{what}",
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        message=str(error or turn.does),
        actor=session.actor,
    )
    return _view(turn, what, error=error, seconds=round(seconds, 3), told=told)


def _view(
    turn: Turn,
    status: Status,
    *,
    error: MpcError | None = None,
    note: str = "",
    seconds: float = 0.0,
    told: Mapping[str, Any] | None = None,
) -> GuestView:
    error, told = error or turn.error, {**turn.tells, **(told or {})}
    return GuestView(
        kind=turn.key.kind,
        namespace=turn.key.namespace,
        name=turn.key.name,
        vmid=int(told.get("vmid", turn.guest.vmid)),
        node=str(told.get("node", turn.guest.live.identity["node"])),
        word=turn.guest.word,
        status=status,
        does=turn.does,
        loses=turn.loses,
        note=note or turn.already,
        warnings=list(turn.warnings),
        error=str(error or ""),
        hint=error.hint if error else "",
        code=error.code if error else "",
        exit_code=error.exit_code if error else 0,
        seconds=seconds,
        result=told,
    )


def _exit_code(items: Sequence[GuestView]) -> int:
    """Where all that failed failed for one reason (no permission, cluster gone), the code may say which."""
    codes = {item.exit_code or 1 for item in items if item.status in ("failed", "untried")}
    return codes.pop() if len(codes) == 1 else 1 if codes else 0
