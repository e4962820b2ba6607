"""Failed logins, by what limits them: an address, a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.limit import Limit
from proxmox_mpc.store.models import login_attempts


@dataclass(frozen=True)
class Attempts:
    """Attempts by subject; names that nobody has are limited like those of users."""

    database: Database

    async def begin(self, limits: Mapping[str, Limit]) -> tuple[float, tuple[int, ...]]:
        """Count one attempt for each subject, before it is tried: many at once get no further than one by one.

        Answers 0 and the attempts' numbers; or the seconds to wait, and nothing was counted.
        """
        now = self.database.now()
        async with self.database.write() as connection:
            for subject in sorted(limits):  # in one order, so that two never wait for each other
                await self.database.alone(connection, f"login attempt {subject}")
            waits = [0.0]
            for subject, limit in limits.items():
                since = now - timedelta(seconds=limit.window_s)
                this = login_attempts.c.subject == subject
                await connection.execute(delete(login_attempts).where(this, login_attempts.c.at <= since))
                newest = select(login_attempts.c.at).where(this).order_by(login_attempts.c.at.desc())
                times = list((await connection.execute(newest.limit(limit.failures))).scalars())
                if len(times) >= limit.failures:
                    waits.append((times[-1] - since).total_seconds())
            if max(waits) > 0:
                return max(waits), ()
            added = [insert(login_attempts).values(subject=subject, at=now) for subject in limits]
            numbers = [await connection.execute(one.returning(login_attempts.c.id)) for one in added]
            return 0.0, tuple(number.scalar_one() for number in numbers)

    async def succeeded(self, numbers: tuple[int, ...], subject: str) -> None:
        """An attempt was none that failed: it is not counted, and what is counted for this subject is forgiven."""
        these = login_attempts.c.id.in_(numbers) | (login_attempts.c.subject == subject)
        async with self.database.write() as connection:
            await connection.execute(delete(login_attempts).where(these))

    async def wait_s(self, subject: str, limit: Limit) -> float:
        """How many seconds the next attempt has to wait; 0 where it has not."""
        since = self.database.now() - timedelta(seconds=limit.window_s)
        query = select(login_attempts.c.at).where(login_attempts.c.subject == subject, login_attempts.c.at > since)
        async with self.database.read() as connection:
            newest = query.order_by(login_attempts.c.at.desc()).limit(limit.failures)
            times = list((await connection.execute(newest)).scalars())
        return (times[-1] - since).total_seconds() if len(times) >= limit.failures else 0.0

    async def forgive(self, subject: str) -> None:
        """Forget what failed of a subject, also of its parts: a name from known addresses."""
        these = (login_attempts.c.subject == subject) | login_attempts.c.subject.startswith(
            f"{subject} ", autoescape=True
        )
        async with self.database.write() as connection:
            await connection.execute(delete(login_attempts).where(these))

    async def prune(self, older_than_s: float) -> None:
        """Forget attempts of subjects that never came back."""
        since = self.database.now() - timedelta(seconds=older_than_s)
        async with self.database.write() as connection:
            await connection.execute(delete(login_attempts).where(login_attempts.c.at < since))
