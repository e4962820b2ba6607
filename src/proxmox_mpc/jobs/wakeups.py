"""Wake-ups: that there is something to look at, and nothing else. Who misses one looks a little later anyway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Literal

from proxmox_mpc.telemetry import Logger

Topic = Literal["messages", "jobs", "schedules"]
TOPICS: tuple[Topic, ...] = ("messages", "jobs", "schedules")
CHANNEL = "proxmox-mpc:look"
PATIENCE_S = 1.0
"""How long a wake-up may take to be sent: who publishes does not wait for a Redis that is away."""
PAUSE_S = 5.0
"""How long nothing is sent after that failed, and how long until listening is tried again."""
_log = Logger("jobs")


class WakeUps:
    """Wake-ups within this process, and where a Redis is named, in all that listen there."""

    def __init__(self) -> None:
        self._counts: dict[Topic, int] = dict.fromkeys(TOPICS, 0)
        self._news: dict[Topic, asyncio.Event] = {topic: asyncio.Event() for topic in TOPICS}
        self._redis: Any = None
        self._quiet_until = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str = "") -> AsyncIterator[WakeUps]:
        """Wake-ups as long as the block lasts; `url` names a Redis, or nothing."""
        wakeups = cls()
        if not url:
            yield wakeups
            return
        from redis.asyncio import Redis  # only who has one pays for it

        wakeups._redis = Redis.from_url(url, socket_connect_timeout=PATIENCE_S, socket_timeout=None)
        listener = asyncio.create_task(wakeups._listen())
        try:
            yield wakeups
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener
            await wakeups._redis.aclose()

    def count(self, topic: Topic) -> int:
        """How often somebody was woken for this: to be asked before one looks, for `after`."""
        return self._counts[topic]

    def listen(self, topic: Topic) -> Callable[[float], Awaitable[None]]:
        """What waits, for so many seconds at the most, for somebody to be woken for this from now on."""
        return partial(self.after, topic, self.count(topic))

    async def after(self, topic: Topic, count: int, timeout_s: float) -> None:
        """Wait for a wake-up that came after that count, but no longer than so long."""
        if self._counts[topic] == count:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news[topic].wait(), max(timeout_s, 0))

    async def wake(self, *topics: Topic) -> None:
        """Wake everybody who waits for one of these."""
        self.wake_here(*topics)
        loop = asyncio.get_running_loop()
        if self._redis is None or loop.time() < self._quiet_until:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                for topic in topics:
                    await self._redis.publish(CHANNEL, topic)
        except Exception as error:
            # Nothing is lost: everybody looks now and then anyway.
            self._quiet_until = loop.time() + PAUSE_S
            _log.warning("no wake-up could be sent", why=str(error) or type(error).__name__)

    def wake_here(self, *topics: Topic) -> None:
        """Wake those of this process alone."""
        for topic in topics:
            self._counts[topic] += 1
            self._news[topic].set()
            self._news[topic] = asyncio.Event()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    self.wake_here(*TOPICS)  # what was said before is not repeated
                    async for message in channel.listen():
                        said = message.get("data")
                        self.wake_here(*(topic for topic in TOPICS if said == topic.encode()))
            except Exception as error:
                _log.warning("wake-ups are not heard; looking now and then", why=str(error) or type(error).__name__)
            await asyncio.sleep(PAUSE_S)
