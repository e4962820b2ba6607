"""Sending the ids of jobs to workers, where a broker carries them. The table is the truth: lost ids are sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from proxmox_mpc.settings import Settings
from proxmox_mpc.telemetry import Logger

if TYPE_CHECKING:
    from celery import Celery

TASK = "proxmox_mpc.run"
"""The one task that there is: do the job of this id."""
QUEUE = "proxmox-mpc"
PATIENCE_S = 2.0
"""How long the broker may take: who asks for a job does not wait for it."""
_log = Logger("jobs")

Dispatch = Callable[[str], Awaitable[None]]


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

    async def dispatch(id: str, later_s: float = 0) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.to_thread(send, app, id, later_s)
        except Exception as error:
            _log.warning("the broker took no job; it is sent again later", job=id, why=type(error).__name__)

    try:
        yield dispatch
    finally:
        app.close()


def send(app: Celery, id: str, later_s: float = 0) -> None:
    """Send one id; raises where the broker does not answer soon."""
    policy = {"max_retries": 1, "interval_start": 0.2}
    app.send_task(TASK, args=[id], countdown=later_s or None, retry=True, retry_policy=policy, ignore_result=True)
