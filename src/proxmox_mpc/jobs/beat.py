"""The beat: makes a job of each due time of each schedule. Several may run at once; each time is still one job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from proxmox_mpc.jobs.bus import Bus
from proxmox_mpc.jobs.times import following, within_grace
from proxmox_mpc.store import Job, NewJob, Schedule
from proxmox_mpc.telemetry import Logger, metrics

LOOK_S = 10.0
"""How late a change of another process takes effect at the most, where no wake-up comes."""
PAUSE_S = 1.0
"""Until it is tried again, after a database that was away."""
_LONGEST = 500
"""Letters that are kept of why a schedule makes no job."""
_log = Logger("jobs")

Order = Callable[[Schedule, datetime], NewJob]
"""The job of a schedule's due time."""


@dataclass
class Beat:
    """One scheduler. `dispatch` is told of each new job, for a broker to carry its id, and waits for nobody."""

    bus: Bus
    order: Order
    now: Callable[[], datetime]
    dispatch: Callable[[str], None] | None = None
    look_s: float = LOOK_S

    async def run(self) -> None:
        """Make jobs as their times come, until it is cancelled."""
        wakeups = self.bus.wakeups
        while True:
            count = wakeups.count("schedules")
            try:
                await self.tick()
                pause = await self._pause()
            except Exception as error:
                _log.error("schedules cannot be looked at; trying again", why=str(error) or type(error).__name__)
                pause = PAUSE_S
            await wakeups.after("schedules", count, pause)

    async def tick(self) -> list[Job]:
        """Make all jobs that are due by now."""
        made: list[Job] = []
        while due := await self.bus.store.schedules.due():
            before = len(made)
            moved = 0
            for schedule in due:
                job, did = await self._fire(schedule)
                moved += did
                if job is not None:
                    made.append(job)
                    if self.dispatch is not None:
                        self.dispatch(job.id)
            if len(made) > before:
                await self.bus.wakeups.wake("jobs", "messages")
            if not moved:
                break  # others are at these very schedules: they are looked at again in a moment
        return made

    async def _fire(self, schedule: Schedule) -> tuple[Job | None, bool]:
        """The job of the schedule's due time, and whether the schedule went on by this."""
        at = within_grace(schedule, self.now())
        if at is None or at != schedule.next_at:
            why = f"due times since {_told(schedule.next_at)} were missed for too long"
            _log.warning("due times were missed for too long", schedule=schedule.name, since=str(schedule.next_at))
            return None, await self.bus.store.schedules.skip(schedule, at, why)
        # Who may be late by so much has waited long enough for a worker: more of the same would help nobody.
        waiting = await self.bus.store.schedules.unbegun(schedule, self.now() - timedelta(seconds=schedule.grace_s))
        if waiting is not None:
            _log.warning("a due time is left out: a job still waits", schedule=schedule.name, since=str(waiting))
            why = f"{_told(at)} was left out: the job of {_told(waiting)} still waits for a worker"
            return None, await self.bus.store.schedules.skip(schedule, following(schedule, at), why)
        try:
            new = self.order(schedule, at)
        except Exception as error:
            # What it asks for is not known any more: others must not wait for it.
            _log.error("a schedule makes no job", schedule=schedule.name, why=str(error))
            why = f"no job could be made: {error}"[:_LONGEST]
            return None, await self.bus.store.schedules.skip(schedule, following(schedule, at), why)
        job = await self.bus.store.schedules.fire(schedule, following(schedule, at), new)
        if job is not None:
            metrics.FIRED.add()
        return job, job is not None

    async def _pause(self) -> float:
        at = await self.bus.store.schedules.next_at()
        left = self.look_s if at is None else (at - self.now()) / timedelta(seconds=1)
        return min(max(left, 0.01), self.look_s)


def _told(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else "-"
