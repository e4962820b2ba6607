"""Run actions from a verb: one session, one event loop, progress while it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from proxmox_mpc.actions._action import Action, Q, R
from proxmox_mpc.actions._session import Session
from proxmox_mpc.bootstrap import open_session
from proxmox_mpc.engine.journal import Progress

T = TypeVar("T")


def call(action: Action[Q, R], request: Q, *, context: str = "", report: Callable[[Progress], None] | None = None) -> R:
    """Run one action to its end in a session of its own."""

    async def work(session: Session) -> R:
        return await action(session, request)

    return within(work, context=context, report=report)


def within(
    work: Callable[[Session], Awaitable[T]], *, context: str = "", report: Callable[[Progress], None] | None = None
) -> T:
    """Run several actions in one session, so that its connections are opened once."""

    results: list[T] = []  # not the task's own result: Python 3.11's runner writes that out as text when it ends

    async def run() -> None:
        async with open_session(context, report=report or (lambda progress: None)) as session:
            results.append(await work(session))

    asyncio.run(run())
    return results[0]
