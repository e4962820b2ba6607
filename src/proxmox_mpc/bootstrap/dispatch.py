"""Sending the ids of jobs to workers, where a broker carries them. The table is the truth: lost ids are sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from proxmox_mpc.settings import Settings
from proxmox_mpc.telemetry import Logger

if TYPE_CHECKING:
    from celery import Celery

TASK = "proxmox_mpc.run"
"""The one task that there is: do the job of this id."""
QUEUE = "proxmox-mpc"
PATIENCE_S = 2.0
"""How long the broker may take for one answer, and a process that ends waits for what is not sent yet."""
QUIET_S = 5.0
"""How long a broker that took nothing is left alone."""
MOST = 10_000
"""Ids that wait to be sent; further ones are left to the sweeper, which finds them in the table."""
_RETRY = {"max_retries": 1, "interval_start": 0.2}
_log = Logger("jobs")


class Dispatch(Protocol):
    """Has a job's id sent, in so many seconds; it returns at once, whatever the broker does."""

    def __call__(self, id: str, later_s: float = 0) -> None: ...


def celery_app(settings: Settings) -> Celery:
    """Celery, as both sides of the broker want it."""
    from celery import Celery

    app = Celery("proxmox_mpc", broker=settings.jobs.broker_url, backend=settings.jobs.result_backend or None)
    app.conf.update(
        task_default_queue=QUEUE,
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        task_ignore_result=not settings.jobs.result_backend,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        enable_utc=True,
    )
    return app


@asynccontextmanager
async def dispatcher(settings: Settings) -> AsyncIterator[Dispatch | None]:
    """Sends ids to the broker; None where there is none, for then workers look into the table."""
    if not settings.jobs.broker_url:
        yield None
        return
    app = celery_app(settings)
    app.conf.broker_connection_timeout = PATIENCE_S
    app.conf.broker_transport_options = {**_RETRY, **_patience(settings.jobs.broker_url)}
    sending = Sending(lambda id, later_s: _send(app, id, later_s))
    task = asyncio.create_task(sending.run())
    try:
        yield sending.put
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(sending.all_sent.wait(), PATIENCE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        app.close()


@dataclass
class Sending:
    """Sends one id after the other, beside everything else, by `send` in a thread of its own.

    A broker that hangs holds up this thread alone: neither who asks for a job nor the process's other threads, of which
    one resolves each host name.
    """

    send: Callable[[str, float], None]
    quiet_s: float = QUIET_S
    all_sent: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: dict[str, float] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.all_sent.set()

    def put(self, id: str, later_s: float = 0) -> None:
        if len(self._waiting) < MOST:
            self._waiting[id] = later_s
            self.all_sent.clear()
            self._news.set()

    async def run(self) -> None:
        """Send until it is cancelled; what the broker did not take is sent again after a while."""
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, "broker")
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    id = next(iter(self._waiting))
                    later_s = self._waiting.pop(id)
                    try:
                        await loop.run_in_executor(thread, self.send, id, later_s)
                    except Exception as error:
                        self._waiting.setdefault(id, later_s)
                        why, waiting = type(error).__name__, len(self._waiting)
                        _log.warning("the broker takes no jobs; they are sent later", why=why, waiting=waiting)
                        await asyncio.sleep(self.quiet_s)
                self.all_sent.set()
        finally:
            thread.shutdown(wait=False, cancel_futures=True)


def _patience(url: str) -> dict[str, Any]:
    """How long a socket may be silent, in the words of the broker's transport."""
    scheme = url.partition("://")[0]
    if scheme.startswith(("redis", "sentinel")):
        return {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S}
    if scheme in ("amqp", "amqps", "pyamqp"):
        return {"read_timeout": PATIENCE_S, "write_timeout": PATIENCE_S}
    return {}


def _send(app: Celery, id: str, later_s: float) -> None:
    """Send one id; raises where the broker does not answer soon."""
    app.send_task(TASK, args=[id], countdown=later_s or None, retry=True, retry_policy=_RETRY, ignore_result=True)
