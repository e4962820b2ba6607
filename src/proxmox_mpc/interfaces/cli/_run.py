"""Run actions from a verb: one session, one event loop, progress while it lasts."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from proxmox_mpc.actions._action import Action, Q, R
from proxmox_mpc.actions._session import Session
from proxmox_mpc.bootstrap import open_place
from proxmox_mpc.engine.journal import Progress

T = TypeVar("T")


def call(
    action: Action[Q, R],
    request: Q,
    *,
    context: str = "",
    report: Callable[[Progress], None] | None = None,
    here: bool = False,
) -> R:
    """Run one action to its end in a session of its own."""

    async def work(session: Session) -> R:
        return await action(session, request)

    return within(work, context=context, report=report, here=here)


def within(
    work: Callable[[Session], Awaitable[T]],
    *,
    context: str = "",
    report: Callable[[Progress], None] | None = None,
    here: bool = False,
) -> T:
    """Run several actions in one session, so that its connections are opened once.

    It is a server's session where a server was chosen; not for what belongs `here`, unless --server names one.
    """

    results: list[T] = []  # not the task's own result: Python 3.11's runner writes that out as text when it ends

    async def run() -> None:
        async with open_place(context, server_named(), here=here, report=report or (lambda progress: None)) as session:
            with _interruptible(session):
                results.append(await work(session))

    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    return results[0]


def server_named() -> str:
    """The server that --server names, before the verb."""
    context = click.get_current_context(silent=True)
    return str(context.find_root().params.get("server") or "") if context is not None else ""


@contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    """Ctrl-C once: what works stops between requests. Once more, or where nothing works: it ends at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt() -> None:
        if session.stop.is_heard and not session.stop.asked:
            session.stop.ask()
            # Written to what stands for stderr now: bars that live there move out of its way.
            sys.stderr.write("stopping, once the cluster has done what it is at (Ctrl-C again: at once)\n")
            sys.stderr.flush()
        elif task is not None:
            if session.stop.asked:
                sys.stderr.write(f"at once; {session.stop.left}\n")
            task.cancel()

    # Only the main thread hears signals.
    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
