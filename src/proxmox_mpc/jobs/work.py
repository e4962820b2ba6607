"""One job, done: held by signs of life, stopped where that is asked for, and ended with what came of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from proxmox_mpc.errors import MpcError, UnreachableError, problem_of
from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.reporter import Reporter
from proxmox_mpc.store import Job
from proxmox_mpc.store.claims import DEADLINE
from proxmox_mpc.telemetry import Logger, bound, metrics, redacted, tracing

Perform = Callable[[Job, Reporter], Awaitable[Mapping[str, Any]]]
"""Does a job and answers its result; raises our errors. It asks `Reporter.on_stop` to be told to stop."""
Why = Literal["", "cancel", "deadline", "drain", "lost"]

LEASE_S = 30.0
"""How long a worker may give no sign of life: a few signs may be lost with a busy database."""
FAREWELL_S = 30.0
"""How long a job that was asked to stop may take to do so: what the cluster is at comes to its end in most cases."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
"""Until a job is tried again whose cluster does not answer, doubled each time."""
_STOPPED = "apply.stopped"
_log = Logger("jobs")


@dataclass
class _Course:
    """How one job goes: why it was stopped, if it was."""

    job: Job
    reporter: Reporter
    work: asyncio.Task[Mapping[str, Any]]
    why: Why = ""
    _timer: asyncio.TimerHandle | None = None

    def stop(self, why: Why, patience_s: float) -> None:
        """Ask it to stop, and end it where it does not; the first reason counts, but that its claim is over."""
        if why == "lost" or not self.why:
            self.why = why
            self.reporter.stop(handed_over=why in ("drain", "lost"))
            self.end_after(patience_s)

    def end_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.work.cancel)

    def over(self) -> None:
        """Let it take the time that it takes."""
        if self._timer is not None:
            self._timer.cancel()


@dataclass
class Worker:
    """Who does jobs: by what, under which name, and how long it holds them."""

    bus: Bus
    perform: Perform
    name: str
    lease_s: float = LEASE_S
    farewell_s: float = FAREWELL_S
    _courses: dict[str, _Course] = field(default_factory=dict)

    async def claim(self, id: str = "") -> Job | None:
        """The next job, or this one; None where there is none that may be begun."""
        job = await self.bus.store.claims.next(self.name, self.lease_s, id=id)
        if job is not None:
            await self.bus.wakeups.wake("messages")
        return job

    async def do(self, job: Job) -> None:
        """Do a job that was claimed, to its end; raises nothing but that this itself is cancelled."""
        with (
            bound(job=job.id, correlation=job.correlation or job.id),
            tracing.span(f"job {job.action}", job.trace, job=job.id, attempt=job.attempt),
            metrics.JOB_SECONDS.timed(action=job.action),
        ):
            reporter = Reporter(job, self.bus)
            course = _Course(job, reporter, asyncio.ensure_future(self.perform(job, reporter)))
            reporter.more_time = course.over
            self._courses[job.id] = course
            beside = [asyncio.create_task(reporter.run()), asyncio.create_task(self._hold(course))]
            _log.info("job began", action=job.action, attempt=job.attempt)
            try:
                await self._ended(course)
            finally:
                course.over()
                del self._courses[job.id]
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)

    def drain(self, patience_s: float) -> None:
        """Ask all that is at work to stop, to be continued by others."""
        for course in self._courses.values():
            course.stop("drain", patience_s)

    async def end_soon(self, patience_s: float) -> None:
        """Let all that is at work go on for so long, and then `drain` it; it has ended when this returns."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience_s
        drained = False
        while self._courses:
            if not drained and loop.time() >= until:
                drained = True
                self.drain(self.farewell_s)
            await asyncio.sleep(0.05)

    async def _ended(self, course: _Course) -> None:
        error: BaseException | None = None
        result: Mapping[str, Any] = {}
        try:
            result = await asyncio.shield(course.work)
        except asyncio.CancelledError as cancelled:
            if not course.work.done():  # it is this that is cancelled: its process ends
                course.why = course.why or "drain"
                course.work.cancel()
                await asyncio.gather(course.work, return_exceptions=True)
            error = cancelled
        except Exception as failure:
            error = failure
        if course.why != "lost":
            await asyncio.shield(self._write_end(course, result, error))
        if isinstance(error, asyncio.CancelledError) and (current := asyncio.current_task()) and current.cancelling():
            raise error

    async def _write_end(self, course: _Course, result: Mapping[str, Any], error: BaseException | None) -> None:
        job, claims = course.job, self.bus.store.claims
        # A database that is away for a moment must not lose what was done; the claim is over when that lasts.
        until = asyncio.get_running_loop().time() + self.lease_s
        while True:
            try:
                await course.reporter.end()
                if error is None:
                    await claims.succeeded(job, result)
                elif course.why == "cancel":
                    await claims.cancelled(job, told(error))
                elif course.why == "deadline":
                    await claims.failed(job, DEADLINE)
                elif course.why == "drain" and _was_stopped(error):
                    await claims.give_back(job)
                else:
                    await self._failed(job, error)
                break
            except Exception as problem:
                _log.error("a job's end could not be written", why=str(problem) or type(problem).__name__)
                if asyncio.get_running_loop().time() > until:
                    return
                await asyncio.sleep(1)
        metrics.JOBS.add(action=job.action, state="succeeded" if error is None else course.why or "failed")
        _log.info("job ended", action=job.action, attempt=job.attempt, error=told(error)["code"] if error else "")
        await self.bus.wakeups.wake("jobs", "messages")

    async def _failed(self, job: Job, error: BaseException) -> None:
        if not isinstance(error, MpcError):
            _log.error("a job broke", action=job.action, error=repr(error))
        pause = min(FIRST_PAUSE_S * 2 ** (job.attempt - 1), LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)  # noqa: S311
        later = self.bus.store.jobs.database.now() + timedelta(seconds=pause)
        await self.bus.store.claims.failed(job, told(error), later if may_pass(error) else None)

    async def _hold(self, course: _Course) -> None:
        """Give signs of life, and hear whether to stop; where that fails for too long, the claim counts as over."""
        job, loop = course.job, asyncio.get_running_loop()
        held_until = loop.time() + self._left_s(job)
        while True:
            if job.deadline_at is not None and self.bus.store.jobs.database.now() >= job.deadline_at:
                course.stop("deadline", self.farewell_s)
            began = loop.time()  # others count from when the lease was written, which is sooner than the answer
            try:
                async with asyncio.timeout_at(held_until):
                    asked = await self.bus.store.claims.renew(job, self.lease_s)
            except Exception as error:
                _log.warning("no sign of life could be noted", why=str(error) or type(error).__name__)
                if loop.time() < held_until:
                    await asyncio.sleep(min(1, held_until - loop.time()))
                    continue
                asked = None
            if asked is None:
                if not course.work.done():
                    _log.error("the claim on the job is over; it is left to others")
                course.stop("lost", 0)
                return
            held_until = began + self.lease_s
            if asked:
                course.stop("cancel", self.farewell_s)
            await self._next_look(course)

    def _left_s(self, job: Job) -> float:
        """How long a claim that was made a moment ago still counts."""
        if job.lease_until is None:
            return self.lease_s
        return (job.lease_until - self.bus.store.jobs.database.now()).total_seconds()

    async def _next_look(self, course: _Course) -> None:
        """A third of the lease, but sooner where somebody changed a job, or the deadline comes."""
        count = self.bus.wakeups.count("jobs")
        pause = self.lease_s / 3
        if course.job.deadline_at is not None and not course.why:
            left = (course.job.deadline_at - self.bus.store.jobs.database.now()).total_seconds()
            pause = min(pause, max(left, 0.01))
        await self.bus.wakeups.after("jobs", count, pause)


class Interrupted(MpcError):
    """It was stopped before it ended."""

    code = "job.stopped"


def told(error: BaseException) -> dict[str, Any]:
    """An error as a job keeps it: what every face needs to show it, and no secret."""
    problem = problem_of(Interrupted() if isinstance(error, asyncio.CancelledError) else error)
    hidden: dict[str, Any] = redacted("", problem)
    return hidden


def may_pass(error: BaseException) -> bool:
    """Whether the same may go well a little later: what is needed did not answer, or was busy."""
    return isinstance(error, UnreachableError)


def _was_stopped(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError) or (isinstance(error, MpcError) and error.code == _STOPPED)
