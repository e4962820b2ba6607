"""What a job is: an action, for the one who asked for it, continued where an earlier worker of it died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from proxmox_mpc import telemetry
from proxmox_mpc.actions._access import Access, Grant, Who
from proxmox_mpc.actions._authentication import user_acting
from proxmox_mpc.actions._continuing import continued
from proxmox_mpc.actions._ordering import TOKEN, checked, order
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.people.errors import NotLoggedIn

if TYPE_CHECKING:
    from proxmox_mpc.actions._action import Action
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.jobs.reporter import Reporter
    from proxmox_mpc.jobs.work import Perform
    from proxmox_mpc.store import Job, NewJob, Schedule, Store


class OpenSession(Protocol):
    """Opens a session for somebody on a context; an empty one leaves the choice open."""

    def __call__(self, who: Who, context: str, report: Callable[[Progress], None]) -> Session: ...


def order_of(schedule: Schedule, due_at: datetime, find_action: Callable[[str], Action[Any, Any]]) -> NewJob:
    """The job of a schedule's due time."""
    action = find_action(schedule.action)
    who = Who(schedule.actor, user_id=schedule.user_id)
    new = order(action, checked(action, schedule.request), who, schedule.context)
    return replace(new, limits=schedule.limits, schedule_id=schedule.id, due_at=due_at)


def performer(store: Store, open_session: OpenSession, find_action: Callable[[str], Action[Any, Any]]) -> Perform:
    """What does jobs: each in a session of its own, as whoever asked for it, with what that one may by now."""

    async def perform(job: Job, reporter: Reporter) -> Mapping[str, Any]:
        action = find_action(job.action)
        request = checked(action, job.request)
        who = await who_of(store, job)
        task = asyncio.current_task()
        with telemetry.bound(actor=who.name):
            async with open_session(who, job.context, _Telling(reporter)) as session:
                session.job = job.id

                def stop() -> None:
                    """What works stops between requests; where nothing listens, it ends at once."""
                    session.stop.handed_over = reporter.handed_over
                    session.stop.more_time = reporter.more_time
                    session.stop.ask()
                    if not session.stop.is_heard and task is not None:
                        task.cancel()

                reporter.on_stop(stop)
                # Whoever made a schedule has agreed to what its action does; what gates refuse is refused all the same.
                result = await continued(session, action, request, agrees=job.schedule_id is not None)
        return result.model_dump(mode="json", by_alias=True)

    return perform


async def who_of(store: Store, job: Job | Schedule) -> Who:
    """For whom a job is done, with what that one may now: less than then, where rights were taken meanwhile.

    Raises NotLoggedIn for a user who is gone or disabled.
    """
    given = {name: tuple(values) for name, values in job.limits.items() if name != TOKEN}
    limits = Grant(**given) if given else None
    if (token := job.limits.get(TOKEN)) and await store.api_tokens.holder(token[0]) is None:
        raise NotLoggedIn("the token by which this was asked for was revoked, or has expired")
    correlation = getattr(job, "correlation", "") or job.id
    if not job.user_id:
        return Who(job.actor, replace(Access.everything(), limits=limits), correlation=correlation)
    return await user_acting(store, job.user_id, limits, correlation=correlation)


@dataclass
class _Telling:
    """Progress of a session, as a job tells it."""

    reporter: Reporter
    done: int = 0
    begun: int = 0

    def __call__(self, progress: Progress) -> None:
        key = progress.key
        facts = {"kind": key.kind, "namespace": key.namespace, "name": key.name, "what": progress.what}
        facts |= {"action": progress.action.value, "verb": progress.verb, "upid": progress.upid}
        if progress.seconds:
            facts["seconds"] = str(round(progress.seconds, 1))
        self.reporter.log(progress.text, **{name: value for name, value in facts.items() if value})
        self.begun += progress.what == "started"
        self.done += progress.what in ("done", "failed", "skipped")
        if progress.what in ("started", "done", "failed", "skipped"):
            self.reporter.progress(begun=self.begun, done=self.done, at=str(key))
