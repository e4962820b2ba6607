"""A worker that takes its jobs from the table, and a beat: each until it is asked to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from proxmox_mpc.bootstrap.background import DRAIN_S, Background, open_background
from proxmox_mpc.settings import Settings


def worker(settings: Settings) -> int:
    """Do jobs, and sweep if no other process does."""

    async def work(parts: Background) -> None:
        runner = parts.runner()
        sweeping = asyncio.create_task(parts.leader().run(parts.sweeper().run))
        running = asyncio.create_task(runner.run())
        try:
            await asyncio.Event().wait()
        finally:
            await runner.drain(DRAIN_S)
            await asyncio.gather(running, return_exceptions=True)
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)

    return asyncio.run(_until_asked(settings, "worker", work))


def beat(settings: Settings) -> int:
    """Make the jobs of schedules, and sweep if no other process does."""

    async def work(parts: Background) -> None:
        sweeping = asyncio.create_task(parts.leader().run(parts.sweeper().run))
        try:
            await parts.beat().run()
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)

    return asyncio.run(_until_asked(settings, "beat", work))


async def _until_asked(settings: Settings, what: str, work: Callable[[Background], Awaitable[None]]) -> int:
    """Work until SIGTERM or SIGINT asks to end, and ends what was begun; asked again, at once."""
    async with open_background(settings) as parts:
        task = asyncio.ensure_future(work(parts))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        sys.stdout.write(f"{what} {parts.name} is ready\n")
        sys.stdout.flush()
        try:
            await task
        except asyncio.CancelledError:
            return 0
    return 0
